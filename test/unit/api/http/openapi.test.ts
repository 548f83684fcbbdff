import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import { fakeDeps } from '../../../support/http.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: unknown
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: unknown }[]
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}

interface Description {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}

const app = buildApi(fakeDeps(), 'network', (handler) => createServer(handler))
const response = await app.inject({ method: 'GET', url: '/openapi.json' })
const description: Description = response.json()
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test('/openapi.json is OpenAPI 3.1 and names every route', () => {
  assert.equal(description.openapi, '3.1.0')
  const names = operations.map(({ path, method }) => `${method} ${path}`)
  assert.deepEqual(names.toSorted(), [
    'delete /v1/denied',
    'delete /v1/federation/{trustDomain}',
    'delete /v1/issued/{serial}',
    'delete /v1/resources/{kind}/{namespace}/{name}',
    'delete /v1/tokens/{id}',
    'get /.well-known/openid-configuration',
    'get /keys',
    'get /openapi.json',
    'get /v1/audit',
    'get /v1/audit/export',
    'get /v1/audit/verification',
    'get /v1/authorities',
    'get /v1/bundle',
    'get /v1/bundle.pem',
    'get /v1/crl',
    'get /v1/crl/{authorityId}',
    'get /v1/crls',
    'get /v1/denied',
    'get /v1/federation',
    'get /v1/issued',
    'get /v1/resources',
    'get /v1/resources/{kind}/{namespace}/{name}',
    'get /v1/rotations',
    'get /v1/rotations/{id}',
    'get /v1/status',
    'get /v1/tokens',
    'post /v1/authorities',
    'post /v1/authorities/csr',
    'post /v1/authorities/import',
    'post /v1/authorities/sign-intermediate',
    'post /v1/authorities/{id}/abort',
    'post /v1/authorities/{id}/activate',
    'post /v1/authorities/{id}/retire',
    'post /v1/authorities/{id}/revoke',
    'post /v1/authorities/{id}/taint',
    'post /v1/backup',
    'post /v1/certificates',
    'post /v1/decisions',
    'post /v1/denied',
    'post /v1/federation',
    'post /v1/federation/{trustDomain}/refresh',
    'post /v1/jwts',
    'post /v1/resources',
    'post /v1/rotations',
    'post /v1/rotations/{id}/abort',
    'post /v1/rotations/{id}/force',
    'post /v1/tokens',
  ])
})

test('operation ids are unique', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  assert.equal(new Set(ids).size, ids.length)
})

for (const { path, method, operation } of operations) {
  test(`${method} ${path} is described`, () => {
    assert.match(operation.operationId, /^[a-z][A-Za-z]+$/)
    assert.ok(operation.summary.length > 5)
    assert.ok(operation.tags.length > 0)
    const statuses = Object.keys(operation.responses)
    assert.ok(
      statuses.some((status) => status.startsWith('2')),
      'there is no success',
    )
    const problem = operation.responses.default?.content?.['application/problem+json']
    assert.deepEqual(problem, { schema: { $ref: '#/components/schemas/Problem' } })
    for (const [status, { description: text, content }] of Object.entries(operation.responses)) {
      assert.ok(text.length > 0, `${status} has no description`)
      assert.equal(content === undefined, status === '204' || status === '304', `${status} and its content`)
    }
    if (method === 'post' && path !== '/v1/resources') {
      // Resources are judged by their validation, which knows more than a schema.
      const schema = operation.requestBody?.content['application/json']?.schema
      assert.equal(schema?.additionalProperties, false)
    }
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    assert.deepEqual(
      inPath,
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    )
    assert.ok(operation.parameters.every((parameter) => parameter.in === 'query' || parameter.required))
  })
}

test('what needs a role says so', () => {
  const open = operations.filter(({ operation }) => operation.security === undefined).map(({ path }) => path)
  assert.deepEqual(open, [
    '/openapi.json',
    '/v1/certificates',
    '/v1/jwts',
    '/.well-known/openid-configuration',
    '/keys',
    '/v1/bundle',
    '/v1/bundle.pem',
    '/v1/crl',
    '/v1/crl/{authorityId}',
    '/v1/crls',
  ])
})

test('every reference leads somewhere', () => {
  const names = [...response.body.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '')
  assert.ok(names.length > 0)
  for (const name of names) assert.ok(description.components.schemas[name] !== undefined, name)
})
