import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { DURATION_FORM, toSeconds } from '../../kernel/duration.ts'
import { AppError } from '../../kernel/errors.ts'
import type { BundleWaiters } from './bundle-waiters.ts'
import { isKnownTag } from './etag.ts'
import type { FindBundle } from './served-bundle.ts'

/** Whose bundle is wanted. */
export const WantedFields = {
  trustDomain: Type.Optional(
    Type.String({ description: 'A trust domain that this service federates with; its own one if absent' }),
  ),
}

/** How a client asks for the bundle behind the one that it has. */
export const BundleQuery = Type.Object(
  {
    ...WantedFields,
    after: Type.Optional(
      Type.String({
        pattern: '^(?:0|[1-9][0-9]{0,18})$',
        description: 'Sequence of the bundle that the client uses: 304 unless there is a newer one',
      }),
    ),
    wait: Type.Optional(
      Type.String({
        maxLength: 16,
        description:
          'How long to wait for one that is newer than `after`, or other than the one of `If-None-Match`, such as `60s`; a minute at most',
      }),
    ),
  },
  { additionalProperties: false },
)

const MAX_WAIT_SECONDS = 60

interface Poll {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: Static<typeof BundleQuery>
  readonly find: FindBundle
}

/** Waits as the query says and tells whether there is something to send; a bundle that is gone is news, too. */
export async function pollBundle(waiters: BundleWaiters, { request, reply, query, find }: Poll): Promise<boolean> {
  const milliseconds = waitOf(query.wait) * 1000
  const isNewer = newsOf(query.after, request.headers['if-none-match'])
  if (isNewer === null) return true
  const isNews = () => {
    const bundle = find()
    return bundle === null || isNewer(bundle)
  }
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  await waiters.wait({ isNews, milliseconds, signal: gone.signal })
  return isNews()
}

type Found = NonNullable<ReturnType<FindBundle>>

/** What is news to the client; null: it does not say what it has. */
function newsOf(after: string | undefined, ifNoneMatch: string | undefined): ((bundle: Found) => boolean) | null {
  if (after !== undefined) {
    const sequence = BigInt(after)
    return (bundle) => bundle.isNewTo(sequence)
  }
  return ifNoneMatch === undefined ? null : ({ etag }) => !isKnownTag(etag, ifNoneMatch)
}

function waitOf(wait: string | undefined): number {
  if (wait === undefined) return 0
  const seconds = toSeconds(/^\d+$/.test(wait) ? Number(wait) : wait)
  if (seconds === null) throw new AppError('request.malformed', `\`wait\` must be ${DURATION_FORM}`)
  return Math.min(seconds, MAX_WAIT_SECONDS)
}
