import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { TrustBundle } from '../../ca/bundle.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { isKnownTag } from './etag.ts'
import { Problem } from './problem.ts'

const SpiffeBundle = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.String(),
        use: Type.Literal('x509-svid'),
        x5c: Type.Array(Type.String({ description: 'Base64 DER of the root' })),
      }),
    ),
    spiffe_sequence: Type.Integer(),
    spiffe_refresh_hint: Type.Integer({ description: 'Seconds' }),
  },
  { description: 'SPIFFE bundle, a JWK set (RFC 7517)' },
)

const NotModified = Type.Null({ description: 'The bundle is the one of `If-None-Match`' })

/** `/v1/bundle` and `/v1/bundle.pem`, for anyone (F-8, F-9). */
export function addBundle(app: App, deps: HttpDeps): void {
  const tags = ['bundle']
  const spiffe = {
    operationId: 'getBundle',
    summary: 'The trust bundle as SPIFFE JSON',
    tags,
    response: { 200: SpiffeBundle, 304: NotModified, default: Problem },
  }
  app.get('/v1/bundle', { schema: spiffe }, async (request, reply) => {
    const bundle = deps.bundle.current()
    return sendBundle(bundle, { request, reply }, { type: 'application/json', body: bundle.spiffe }) // F-10, F-11
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
    const bundle = deps.bundle.current()
    return sendBundle(bundle, { request, reply }, { type: PEM_TYPE, body: bundle.pem })
  })
}

const PEM_TYPE = 'application/x-pem-file'

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Caches may keep it and have to ask each time: a root that was taken away must not be believed a minute longer. */
function sendBundle(
  bundle: TrustBundle,
  { request, reply }: Exchange,
  content: { readonly type: string; readonly body: string },
): FastifyReply {
  reply.headers({ etag: bundle.etag, 'cache-control': 'no-cache' })
  if (isKnownTag(bundle.etag, request.headers['if-none-match'])) return reply.code(304).send()
  return reply.header('content-type', content.type).send(Buffer.from(content.body))
}
