import { Type } from 'typebox'
import type { App } from './base.ts'
import { sendJsonText } from './json-text.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'

/** What is read of a registered route. */
interface Route {
  readonly method: string
  readonly url: string
  readonly role: string | undefined
  readonly schema: RouteSchema
}

interface RouteSchema {
  readonly operationId?: unknown
  readonly summary?: unknown
  readonly tags?: unknown
  readonly body?: unknown
  readonly querystring?: unknown
  readonly params?: unknown
  readonly response?: unknown
}

type Json = Record<string, unknown>

/** `GET /openapi.json`: OpenAPI 3.1 of every route registered on this app, from the very schemas that check requests. */
export function addOpenApi(app: App, version: string): void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    const methods = [method].flat().filter((name) => name !== 'HEAD')
    const role = config !== undefined && 'role' in config ? String(config.role) : undefined
    for (const name of methods) routes.push({ method: name, url, role, schema: { ...schema } })
  })
  const schema = {
    operationId: 'getOpenApi',
    summary: 'This description',
    tags: ['status'],
    response: { 200: Type.Object({}, { description: 'OpenAPI 3.1', additionalProperties: true }), default: Problem },
  }
  let text: string | null = null
  app.get('/openapi.json', { schema }, async (_request, reply) => {
    text ??= JSON.stringify(toOpenApi(routes, version))
    return sendJsonText(reply, text)
  })
}

function toOpenApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Alcazar', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: { Problem },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, clientCertificate: { type: 'mutualTLS' } },
    },
  }
}

function toOperation({ role, schema }: Route): Json {
  const { operationId, summary, tags, body } = schema
  return {
    operationId,
    summary,
    tags,
    ...(role === undefined ? {} : { description: `Needs the role \`${role}\` or a higher one.`, security: PROOFS }),
    parameters: [...toParameters(schema.params, 'path'), ...toParameters(schema.querystring, 'query')],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: toResponses(isJson(schema.response) ? schema.response : {}),
  }
}

const PROOFS = [{ bearer: [] }, { clientCertificate: [] }]

function toParameters(schema: unknown, place: 'path' | 'query'): readonly Json[] {
  if (!isJson(schema) || !isJson(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(isJson(property) ? { description: property.description } : {}),
    schema: property,
  }))
}

function toResponses(responses: Json): Json {
  return Object.fromEntries(Object.entries(responses).map(([status, schema]) => [status, toResponse(schema)]))
}

function toResponse(schema: unknown): Json {
  if (schema === Problem) {
    const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
    return { description: 'A problem', content }
  }
  if (!isJson(schema)) return { description: '' }
  const description = schema.description ?? 'Done'
  if (schema.type === 'null') return { description }
  return { description, content: schema.content ?? jsonOf(schema) }
}

/** A body of several media types has a `content` of its own. */
function contentOf(body: unknown): unknown {
  return isJson(body) && isJson(body.content) ? body.content : jsonOf(body)
}

function jsonOf(schema: unknown): Json {
  return { 'application/json': { schema } }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}
