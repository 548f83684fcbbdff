import { type Static, Type } from 'typebox'
import type { JoinTokenView } from '../../identity/join-token.ts'
import { AppError } from '../../kernel/errors.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Duration, Identity, PageOf, pageFields, pageOf, Timestamp, ttlOf } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp, toTimestamp } from './time.ts'

const Body = Type.Object(
  {
    identity: Identity,
    ttl: Type.Optional(Duration),
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: '1 if absent' })),
  },
  { additionalProperties: false },
)

const fields = {
  id: Type.String(),
  identity: Identity,
  createdAt: Timestamp,
  createdBy: Type.String(),
  expiresAt: Timestamp,
  uses: Type.Integer(),
  used: Type.Integer(),
  revoked: Type.Boolean(),
}
const Listed = Type.Object(fields)
const Created = Type.Object({
  ...fields,
  token: Type.String({ description: 'Shown this once; only its hash is kept' }),
})

const PageQuery = Type.Object(pageFields, { additionalProperties: false })
const Params = Type.Object({ id: Type.String({ maxLength: 100 }) })

/** `/v1/tokens`: join tokens, for workloads that have no other proof. */
export function addTokens(app: App, deps: HttpDeps, guards: Guards): void {
  const tags = ['tokens']
  const create = {
    operationId: 'createToken',
    summary: 'Create a join token for one identity',
    tags,
    body: Body,
    response: { 201: Created, default: Problem },
  }
  app.post('/v1/tokens', { ...guards.operator, schema: create }, async (request, reply) => {
    const { identity, ttl, uses } = request.body
    const wanted = { identity, ...ttlOf(ttl), ...(uses === undefined ? {} : { uses }) }
    const created = await deps.tokens.create(wanted, request.actor)
    reply.code(201).header('cache-control', 'no-store')
    return { ...toListed(created), token: created.token }
  })

  const list = {
    operationId: 'listTokens',
    summary: 'List join tokens, newest first, without their secrets',
    tags,
    querystring: PageQuery,
    response: { 200: PageOf(Listed), default: Problem },
  }
  app.get('/v1/tokens', { ...guards.viewer, schema: list }, async (request) => {
    const { items, next } = await deps.tokens.list(pageOf(request.query))
    return { items: items.map(toListed), next }
  })

  const revoke = {
    operationId: 'revokeToken',
    summary: 'Revoke a join token',
    tags,
    params: Params,
    response: { 204: Type.Null({ description: 'It is revoked' }), default: Problem },
  }
  app.delete('/v1/tokens/:id', { ...guards.operator, schema: revoke }, async (request, reply) => {
    const found = await deps.tokens.revoke(request.params.id, request.actor)
    if (!found) throw new AppError('resource.not_found', 'there is no join token with this id')
    reply.code(204)
  })
}

function toListed(token: JoinTokenView): Static<typeof Listed> {
  return { ...token, createdAt: toMillisTimestamp(token.createdAt), expiresAt: toTimestamp(token.expiresAt) }
}
