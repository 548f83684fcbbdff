import { Type } from 'typebox'
import type { App } from './base.ts'
import { BundleQuery, pollBundle, sendNothingNew } from './bundle-poll.ts'
import { BundleWaiters } from './bundle-waiters.ts'
import type { HttpDeps } from './deps.ts'
import { Problem } from './problem.ts'
import { sendTagged } from './tagged.ts'

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
    spiffe_sequence: Type.Integer(),
    spiffe_refresh_hint: Type.Integer({ description: 'Seconds' }),
    alcazar_tainted_authorities: Type.Optional(
      Type.Array(Type.String(), { description: 'Authorities whose certificates shall be renewed now' }),
    ),
  },
  { description: 'SPIFFE bundle, a JWK set (RFC 7517)' },
)

const NotModified = Type.Null({ description: 'The bundle is the one of `If-None-Match`, or of `after`' })

/** `/v1/bundle` and `/v1/bundle.pem`, for anyone (F-8, F-9). */
export function addBundle(app: App, deps: HttpDeps): void {
  const tags = ['bundle']
  const waiters = new BundleWaiters(deps.bundle)
  app.addHook('preClose', async () => waiters.close())
  const spiffe = {
    operationId: 'getBundle',
    summary: 'The trust bundle as SPIFFE JSON, or the next one as soon as there is one',
    tags,
    querystring: BundleQuery,
    response: { 200: SpiffeBundle, 304: NotModified, default: Problem },
  }
  app.get('/v1/bundle', { schema: spiffe }, async (request, reply) => {
    const isNews = await pollBundle(deps, waiters, { request, reply, query: request.query })
    const { etag, spiffe: body } = deps.bundle.current()
    if (!isNews) return sendNothingNew(reply, etag)
    return sendTagged(request, reply, { etag, type: 'application/json', body }) // F-10, F-11
  })

  const pem = {
    operationId: 'getBundlePem',
    summary: 'The trust bundle as PEM',
    tags,
    response: {
      200: { description: 'Every trusted root', content: { [PEM_TYPE]: { schema: Type.String() } } },
      304: NotModified,
      default: Problem,
    },
  }
  app.get('/v1/bundle.pem', { schema: pem }, async (request, reply) => {
    const { etag, pem: body } = deps.bundle.current()
    return sendTagged(request, reply, { etag, type: PEM_TYPE, body })
  })
}

const PEM_TYPE = 'application/x-pem-file'
