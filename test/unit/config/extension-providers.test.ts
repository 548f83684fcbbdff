import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problems.ts'

const GRPC = { name: 'opa', grpc: 'opa.default:9191' }
const HTTP = { name: 'login', http: { url: 'https://login:8443/check' } }

const resolve = (...extensionProviders: unknown[]) => resolveConfig({ mesh: { extensionProviders } }, { env: {} }).mesh

function problemsOf(...extensionProviders: unknown[]): string[] {
  try {
    resolve(...extensionProviders)
    return []
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path }) => path.replace('mesh.extensionProviders', ''))
    throw error
  }
}

test('providers have their defaults', () => {
  assert.deepEqual(resolve(GRPC, HTTP).extensionProviders, [
    { name: 'opa', grpc: { host: 'opa.default', port: 9191 }, timeout: 0.6, statusOnError: 403 },
    {
      name: 'login',
      http: {
        url: 'https://login:8443/check',
        headersToUpstream: [],
        headersToDownstreamOnDeny: [],
        includeRequestHeadersInCheck: [],
        includeAdditionalHeadersInCheck: {},
      },
      timeout: 0.6,
      statusOnError: 403,
    },
  ])
})

const good: readonly unknown[][] = [
  [{ ...GRPC, timeout: '1500ms', tls: {} }],
  [{ ...GRPC, timeout: 2, tls: { caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'k.pem', serverName: 'opa' } }],
  [{ ...HTTP, tls: { caFile: 'ca.pem' }, statusOnError: 503 }],
  [{ ...HTTP, http: { ...HTTP.http, headersToUpstream: ['x-user', 'x-user-*', '*-id'] } }],
  [{ ...HTTP, http: { ...HTTP.http, includeAdditionalHeadersInCheck: { 'x-from': 'alcazar' } } }],
]
for (const providers of good)
  test(`providers: ${JSON.stringify(providers)}`, () => assert.deepEqual(problemsOf(...providers), []))

const bad: readonly (readonly [readonly unknown[], readonly string[]])[] = [
  [[GRPC, { ...HTTP, name: 'opa' }], ['[1].name']],
  [[{ ...GRPC, ...HTTP }], ['[0]']],
  [[{ name: 'x' }], ['[0]']],
  [[{ ...GRPC, failOpen: true }], ['[0].failOpen']],
  [[{ grpc: 'opa:1' }], ['[0].name']],
  [[{ ...GRPC, grpc: 'opa' }], ['[0].grpc']],
  [[{ ...GRPC, grpc: 'opa:0' }], ['[0].grpc']],
  [[{ ...GRPC, timeout: '0ms' }], ['[0].timeout']],
  [[{ ...GRPC, timeout: '61s' }], ['[0].timeout']],
  [[{ ...GRPC, statusOnError: 200 }], ['[0].statusOnError']],
  [[{ ...GRPC, tls: { certFile: 'c.pem' } }], ['[0].tls']],
  [[{ ...HTTP, http: { url: 'http://login' }, tls: {} }], ['[0].http.url']],
  [[{ ...HTTP, http: { url: 'https://login/?a=b' } }], ['[0].http.url']],
  [[{ ...HTTP, http: { url: 'ftp://login' } }], ['[0].http.url']],
  [[{ ...HTTP, http: { ...HTTP.http, headersToUpstream: ['*'] } }], ['[0].http.headersToUpstream[0]']],
  [[{ ...HTTP, http: { ...HTTP.http, headersToUpstream: ['a*b'] } }], ['[0].http.headersToUpstream[0]']],
  [
    [{ ...HTTP, http: { ...HTTP.http, headersToUpstream: ['Host', ':path'] } }],
    ['[0].http.headersToUpstream[0]', '[0].http.headersToUpstream[1]'],
  ],
  [
    [{ ...HTTP, http: { ...HTTP.http, includeAdditionalHeadersInCheck: { 'x-a': 'b\r\nc: d' } } }],
    ['[0].http.includeAdditionalHeadersInCheck'],
  ],
]
for (const [providers, paths] of bad)
  test(`providers: ${JSON.stringify(providers)} is refused`, () => assert.deepEqual(problemsOf(...providers), paths))

test('the decision log and the path normalization can be set', () => {
  const written = {
    mesh: { pathNormalization: 'MERGE_SLASHES' },
    decisions: { log: { path: 'd.log', sample: 0.5, maxSize: '1MiB', redactHeaders: ['x-*'] } },
  }
  const { mesh, decisions } = resolveConfig(written, { env: {} })
  assert.equal(mesh.pathNormalization, 'MERGE_SLASHES')
  assert.deepEqual(decisions.log, { path: 'd.log', sample: 0.5, maxSize: 1_048_576, redactHeaders: ['x-*'] })
})
