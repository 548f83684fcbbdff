import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { DURATION_FORM, toSeconds } from '../../kernel/duration.ts'
import { AppError } from '../../kernel/errors.ts'
import type { BundleWaiters } from './bundle-waiters.ts'
import { connectionOf } from './connection.ts'
import type { HttpDeps } from './deps.ts'

/** How a client asks for the bundle behind the one that it has. */
export const BundleQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        pattern: '^(?:0|[1-9][0-9]{0,14})$',
        description: 'Sequence of the bundle that the client uses: 304 unless there is a newer one',
      }),
    ),
    wait: Type.Optional(
      Type.String({ maxLength: 16, description: 'How long to wait for a newer one, such as `60s`; a minute at most' }),
    ),
  },
  { additionalProperties: false },
)

const MAX_WAIT_SECONDS = 60

interface Poll {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: Static<typeof BundleQuery>
}

/**
 * Waits as the query says and tells whether there is something to send. What a client says to have counts for the
 * certificate of its connection, and for no other.
 */
export async function pollBundle(deps: HttpDeps, waiters: BundleWaiters, poll: Poll): Promise<boolean> {
  const milliseconds = waitOf(poll.query.wait) * 1000
  if (poll.query.after === undefined) return true
  const after = Number(poll.query.after)
  const { clientCertificate } = connectionOf(poll.request.raw.socket)
  if (clientCertificate !== undefined) deps.reportBundle(clientCertificate, after)
  const gone = new AbortController()
  poll.reply.raw.once('close', () => gone.abort())
  await waiters.wait({ after, milliseconds, signal: gone.signal })
  return deps.bundle.current().sequence > after
}

/** The client's bundle is the one in force. */
export function sendNothingNew(reply: FastifyReply, etag: string): FastifyReply {
  return reply.code(304).headers({ etag, 'cache-control': 'no-cache' }).send()
}

function waitOf(wait: string | undefined): number {
  if (wait === undefined) return 0
  const seconds = toSeconds(/^\d+$/.test(wait) ? Number(wait) : wait)
  if (seconds === null) throw new AppError('request.malformed', `\`wait\` must be ${DURATION_FORM}`)
  return Math.min(seconds, MAX_WAIT_SECONDS)
}
