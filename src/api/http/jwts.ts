import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { MAX_AUDIENCE_BYTES, MAX_AUDIENCES } from '../../ca/jwt/audiences.ts'
import type { IssueJwtRequest } from '../../ca/jwt/jwt-issuance.ts'
import type { App } from './base.ts'
import { connectionOf } from './connection.ts'
import type { HttpDeps } from './deps.ts'
import { type Door, evidenceOf } from './evidence.ts'
import { Duration, Identity, Timestamp, ttlOf } from './fields.ts'
import { Problem } from './problem.ts'
import { toTimestamp } from './time.ts'
import { openUnread } from './unread.ts'

const Body = Type.Object(
  {
    audiences: Type.Array(Type.String({ minLength: 1, maxLength: MAX_AUDIENCE_BYTES }), {
      minItems: 1,
      maxItems: MAX_AUDIENCES,
      description: 'Whom the token is for: a SPIFFE ID or a URL; best one alone',
    }),
    ttl: Type.Optional(Duration),
    joinToken: Type.Optional(Type.String({ description: 'begins with `alcz_`' })),
    identity: Type.Optional(Type.String({ description: 'SPIFFE ID to issue for; administrators only' })),
  },
  { additionalProperties: false },
)

const IssuedJwt = Type.Object(
  {
    token: Type.String({ description: 'JWS compact serialization' }),
    identity: Identity,
    expiresAt: Timestamp,
    kid: Type.String({ description: 'Of the key in `/keys` and in the bundle' }),
  },
  { description: 'The JWT-SVID' },
)

/** `POST /v1/jwts`: a JWT-SVID for an attested caller. */
export function addJwts(app: App, deps: HttpDeps, door: Door): void {
  const schema = {
    operationId: 'issueJwt',
    summary: 'Issue a JWT-SVID to the caller, who is known by client certificate, bearer JWT or join token',
    tags: ['jwts'],
    body: Body,
    response: { 201: IssuedJwt, default: Problem },
  }
  const { tells, onError } = openUnread(deps.jwts.onUnread)
  app.post('/v1/jwts', { schema, onError }, async (request, reply) => {
    const wanted = toIssueRequest(request, request.body, door)
    const { token, identity, expiresAt, kid } = await tells(deps.jwts.issue(wanted))
    reply.code(201).header('cache-control', 'no-store')
    return { token, identity, expiresAt: toTimestamp(expiresAt), kid }
  })
}

function toIssueRequest(request: FastifyRequest, body: Static<typeof Body>, door: Door): IssueJwtRequest {
  const connection = connectionOf(request.raw.socket)
  const { audiences, ttl, joinToken, identity } = body
  const evidence = evidenceOf(request, door)
  return {
    evidence: joinToken === undefined ? evidence : { ...evidence, joinToken },
    audiences,
    ...ttlOf(ttl),
    ...(identity === undefined ? {} : { identity }),
    peer: connection.peer,
    requestId: request.id,
    signal: connection,
  }
}
