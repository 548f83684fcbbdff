import { Type } from 'typebox'
import { type PublishedKey, toSigningKeys } from '../../ca/jwt/published-keys.ts'
import { AppError } from '../../kernel/errors.ts'
import { shortDigest } from '../../kernel/short-digest.ts'
import { algorithmOf } from '../../pki/jws.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Problem } from './problem.ts'
import { sendTagged, type Tagged } from './tagged.ts'

const Discovery = Type.Object(
  {
    issuer: Type.String(),
    jwks_uri: Type.String(),
    response_types_supported: Type.Array(Type.String()),
    subject_types_supported: Type.Array(Type.String()),
    id_token_signing_alg_values_supported: Type.Array(Type.String()),
    claims_supported: Type.Array(Type.String()),
  },
  { description: 'OpenID Connect Discovery 1.0 §3' },
)

const KeySet = Type.Object(
  {
    keys: Type.Array(
      Type.Object({ kty: Type.String(), kid: Type.String(), use: Type.Literal('sig'), alg: Type.String() }),
    ),
  },
  { description: 'JWK set (RFC 7517)' },
)

const NotModified = Type.Null({ description: 'It is the one of `If-None-Match`' })

/** OIDC discovery for JWT-SVIDs and the keys that verify them, for anyone. */
export function addOidc(app: App, { jwts }: HttpDeps): void {
  const { issuer } = jwts
  const discoveryOf = issuer === null ? null : oncePerKeys((published) => toDiscovery(issuer, published))
  const keySetOf = oncePerKeys((published) => ({ keys: toSigningKeys(published) }))
  const tags = ['jwts']
  const discovery = {
    operationId: 'getOpenIdConfiguration',
    summary: 'OpenID Connect discovery, where `authority.jwt.issuer` is set',
    tags,
    response: { 200: Discovery, 304: NotModified, default: Problem },
  }
  app.get('/.well-known/openid-configuration', { schema: discovery }, async (request, reply) => {
    if (discoveryOf === null) {
      throw new AppError(
        'resource.not_found',
        'there is no OIDC discovery: set `authority.jwt.issuer` to the https URL of this service',
      )
    }
    return sendTagged(request, reply, discoveryOf(jwts.keys.published()))
  })

  const keys = {
    operationId: 'getKeys',
    summary: 'The keys that verify JWT-SVIDs',
    tags,
    response: { 200: KeySet, 304: NotModified, default: Problem },
  }
  app.get('/keys', { schema: keys }, async (request, reply) => {
    return sendTagged(request, reply, keySetOf(jwts.keys.published()))
  })
}

/** What a verifier of ID tokens needs; there is no authorization endpoint, nobody logs in here. */
function toDiscovery(issuer: string, published: readonly PublishedKey[]) {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/keys`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(published.map(({ keyType }) => algorithmOf(keyType)))],
    claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti'],
  }
}

/** Written once for each set of keys. */
function oncePerKeys(build: (published: readonly PublishedKey[]) => object) {
  const built = new WeakMap<readonly PublishedKey[], Tagged>()
  return (published: readonly PublishedKey[]): Tagged => {
    const known = built.get(published) ?? toTagged(build(published))
    built.set(published, known)
    return known
  }
}

function toTagged(document: object): Tagged {
  const body = JSON.stringify(document)
  return { etag: `"${shortDigest(body)}"`, type: 'application/json', body }
}
