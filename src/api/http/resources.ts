import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { AppError } from '../../kernel/errors.ts'
import { nearMiss } from '../../kernel/near-miss.ts'
import { printable } from '../../kernel/printable.ts'
import type { Finding } from '../../mesh/finding.ts'
import { listResources } from '../../mesh/list-resources.ts'
import { KINDS, type ResourceKey, toNameText } from '../../mesh/resource.ts'
import { findResource } from '../../mesh/snapshot.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { documentsOf } from './documents.ts'
import { isKnownTag } from './etag.ts'
import { PageOf, pageFields, pageOf } from './fields.ts'
import { YAML_TYPES } from './json-body.ts'
import { sendJsonText } from './json-text.ts'
import { preconditionOf, tagOfResource, tagOfSet } from './preconditions.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'

const tags = ['resources']
const Kind = Type.Enum([...KINDS])
const Document = Type.Object({}, { description: "A resource in Istio's form", additionalProperties: true })

const Warning = Type.Object({
  path: Type.String(),
  code: Type.String(),
  message: Type.String(),
  suggestion: Type.Optional(Type.String()),
})
const Applied = Type.Object({
  items: Type.Array(
    Type.Object({
      kind: Kind,
      namespace: Type.String(),
      name: Type.String(),
      change: Type.Enum(['created', 'updated', 'unchanged']),
      warnings: Type.Array(Warning),
    }),
  ),
  version: Type.Integer({ description: 'Of the set that is in force now' }),
})

const ApplyQuery = Type.Object(
  { dryRun: Type.Optional(Type.Enum(['true', 'false'], { description: '`true` stores nothing' })) },
  { additionalProperties: false },
)
const ListQuery = Type.Object(
  {
    ...pageFields,
    kind: Type.Optional(Kind),
    namespace: Type.Optional(Type.String({ maxLength: 253 })),
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 600, description: '`next` of an earlier page' })),
  },
  { additionalProperties: false },
)
const Params = Type.Object({ kind: Type.String(), namespace: Type.String(), name: Type.String() })
const NotModified = Type.Null({ description: 'It is the one of `If-None-Match`' })

const Yaml = Type.String({ description: 'One or more YAML documents' })
/** What `POST /v1/resources` takes; validation of the documents has its own answers (422). */
const Body = {
  content: {
    'application/json': { schema: Type.Union([Document, Type.Array(Type.Unknown())]) },
    ...Object.fromEntries(YAML_TYPES.map((type) => [type, { schema: Yaml }])),
  },
}

/** `/v1/resources`: policies and workloads, in Istio's form. */
export function addResources(app: App, deps: HttpDeps, guards: Guards): void {
  addApply(app, deps, guards)
  addList(app, deps, guards)
  addOne(app, deps, guards)
}

function addApply(app: App, { resources }: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'applyResources',
    summary: 'Store one resource or many, all or none',
    tags,
    querystring: ApplyQuery,
    body: Body,
    response: { 200: Applied, default: Problem },
  }
  const config = { ...guards.operator.config, bodyLimit: 'resourcesBody', takesYaml: true } as const
  app.post('/v1/resources', { ...guards.operator, config, schema }, async (request) => {
    const { items, version } = await resources.apply({
      documents: await documentsOf(request.body),
      actor: request.actor,
      isDryRun: request.query.dryRun === 'true',
      ...preconditionOf(request.headers),
    })
    return { items: items.map((item) => ({ ...item, warnings: item.warnings.map(toWarning) })), version }
  })
}

function addList(app: App, { resources }: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'listResources',
    summary: 'List the stored resources by namespace, kind and name',
    tags,
    querystring: ListQuery,
    response: { 200: PageOf(Document), 304: NotModified, default: Problem },
  }
  app.get('/v1/resources', { ...guards.viewer, schema }, async (request, reply) => {
    const { kind, namespace } = request.query
    const set = resources.loaded()
    const query = { ...pageOf(request.query), ...(kind === undefined ? {} : { kind }) }
    const page = listResources(set, { ...query, ...(namespace === undefined ? {} : { namespace }) })
    return sendTagged({ request, reply }, tagOfSet(set), page)
  })
}

function addOne(app: App, { resources }: HttpDeps, guards: Guards): void {
  const get = {
    operationId: 'getResource',
    summary: 'One stored resource',
    tags,
    params: Params,
    response: { 200: Document, 304: NotModified, default: Problem },
  }
  app.get('/v1/resources/:kind/:namespace/:name', { ...guards.viewer, schema: get }, async (request, reply) => {
    const key = toKey(request.params)
    const stored = findResource(resources.loaded(), key)
    if (stored === null) throw new AppError('resource.not_found', `there is no ${toNameText(key)}`)
    return sendTagged({ request, reply }, tagOfResource(stored), stored.resource)
  })

  const remove = {
    operationId: 'deleteResource',
    summary: 'Remove a stored resource',
    tags,
    params: Params,
    response: { 204: Type.Null({ description: 'It is no longer in force' }), default: Problem },
  }
  app.delete('/v1/resources/:kind/:namespace/:name', { ...guards.operator, schema: remove }, async (request, reply) => {
    await resources.delete({
      key: toKey(request.params),
      actor: request.actor,
      ...preconditionOf(request.headers),
    })
    reply.code(204)
  })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Caches ask each time: a policy that was taken away must not be shown a minute longer. */
function sendTagged({ request, reply }: Exchange, etag: string, value: unknown): FastifyReply {
  reply.headers({ etag, 'cache-control': 'no-cache' })
  if (isKnownTag(etag, request.headers['if-none-match'])) return reply.code(304).send()
  return sendJsonText(reply, JSON.stringify(value)) // the schema's serializer would leave fields out
}

function toKey({ kind, namespace, name }: Static<typeof Params>): ResourceKey {
  const known = KINDS.find((one) => one === kind)
  if (known !== undefined) return { kind: known, namespace, name }
  const meant = nearMiss(kind, KINDS)
  const hint = meant === null ? `there are ${KINDS.join(', ')}` : `did you mean \`${meant}\`?`
  throw new AppError('resource.not_found', `\`${printable(kind, 60)}\` is no kind of resource: ${hint}`)
}

function toWarning({ path, code, message, suggestion }: Finding): Static<typeof Warning> {
  return { path, code, message, ...(suggestion === undefined ? {} : { suggestion }) }
}
