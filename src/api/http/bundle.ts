import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { ForeignFreshness } from '../../ca/federation/foreign-trust-bundle.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { App } from './base.ts'
import { BundleQuery, pollBundle, WantedFields } from './bundle-poll.ts'
import { BundleWaiters } from './bundle-waiters.ts'
import { connectionOf } from './connection.ts'
import type { HttpDeps } from './deps.ts'
import { Problem } from './problem.ts'
import { requireBundle, toFindBundle } from './served-bundle.ts'
import { sendTagged, sendUnchanged } from './tagged.ts'

const SpiffeBundle = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.String(),
        use: Type.Enum(['x509-svid', 'jwt-svid']),
        kid: Type.Optional(Type.String({ description: 'Of a JWT key' })),
        x5c: Type.Optional(Type.Array(Type.String({ description: 'Base64 DER of the root' }))),
      }),
    ),
    spiffe_sequence: Type.Optional(Type.Integer({ description: 'Of 64 bits; a foreign bundle may have none' })),
    spiffe_refresh_hint: Type.Integer({ description: 'Seconds' }),
    alcazar_tainted_authorities: Type.Optional(
      Type.Array(Type.String(), { description: 'Authorities whose certificates shall be renewed now' }),
    ),
  },
  { description: 'SPIFFE bundle, a JWK set (RFC 7517)' },
)

const NotModified = Type.Null({ description: 'The bundle is the one of `If-None-Match`, or of `after`' })

const PEM_TYPE = 'application/x-pem-file'
const PemQuery = Type.Object(WantedFields, { additionalProperties: false })

/** `/v1/bundle` and `/v1/bundle.pem`, for anyone (F-8, F-9): ours, or that of a trust domain that we federate with (F-21). */
export function addBundle(app: App, deps: HttpDeps): void {
  const tags = ['bundle']
  const waiters = new BundleWaiters([deps.bundle, deps.federation])
  app.addHook('preClose', async () => waiters.close())
  const spiffe = {
    operationId: 'getBundle',
    summary: 'The trust bundle of one trust domain as SPIFFE JSON, or the next one as soon as there is one',
    tags,
    querystring: BundleQuery,
    response: { 200: SpiffeBundle, 304: NotModified, default: Problem },
  }
  app.get('/v1/bundle', { schema: spiffe }, async (request, reply) => {
    const { query } = request
    const find = toFindBundle(deps, query.trustDomain)
    if (requireBundle(find).freshness === null) reportBundle(deps, request.raw.socket, query.after)
    const isNews = await pollBundle(waiters, { request, reply, query, find })
    const { etag, spiffe: body, freshness } = requireBundle(find)
    tellFreshness(reply, freshness, deps.clock)
    if (!isNews) return sendUnchanged(reply, etag)
    return sendTagged(request, reply, { etag, type: 'application/json', body }) // F-10, F-11
  })

  const pem = {
    operationId: 'getBundlePem',
    summary: 'The roots of one trust domain as PEM',
    tags,
    querystring: PemQuery,
    response: {
      200: { description: 'Every trusted root', content: { [PEM_TYPE]: { schema: Type.String() } } },
      304: NotModified,
      default: Problem,
    },
  }
  app.get('/v1/bundle.pem', { schema: pem }, async (request, reply) => {
    const { etag, pem: body, freshness } = requireBundle(toFindBundle(deps, request.query.trustDomain))
    tellFreshness(reply, freshness, deps.clock)
    return sendTagged(request, reply, { etag, type: PEM_TYPE, body })
  })
}

/** What a client says to have counts for the certificate of its connection, and for no other. */
function reportBundle(deps: HttpDeps, socket: Socket, after: string | undefined): void {
  const { clientCertificate } = connectionOf(socket)
  if (after !== undefined && clientCertificate !== undefined) deps.reportBundle(clientCertificate, Number(after))
}

/** How old a foreign bundle is (RFC 9111 §5.1), and for how long it counts as fresh, below zero when it is stale (RFC 9211 §2.4). */
function tellFreshness(reply: FastifyReply, freshness: ForeignFreshness | null, clock: Clock): void {
  if (freshness === null) return
  const { fetchedAt, freshUntil } = freshness
  const now = clock.now()
  const age = Math.max(0, Math.floor((now - fetchedAt) / 1000))
  const ttl = Math.floor((freshUntil - now) / 1000)
  reply.headers({ age: String(age), 'cache-status': `alcazar; hit; ttl=${ttl}` })
}
