import assert from 'node:assert/strict'
import http from 'node:http'
import { before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { exchange } from '../support/service-api.ts'
import { HTTP_POLICIES, TOKENS } from './support/http-policies.ts'
import { type Mesh, startMesh } from './support/mesh.ts'
import { LOCAL } from './support/proxies.ts'

type Headers = Readonly<Record<string, string | readonly string[]>>

interface ClientRequest {
  readonly method?: string
  readonly host?: string
  /** After Traefik sanitised it. */
  readonly path: string
  readonly headers?: Headers
}

interface Outcome {
  readonly status: number
  /** Of the request that goes on to the workload. */
  readonly headers: Headers
}

const HOP_BY_HOP = ['connection', 'keep-alive', 'te', 'trailers', 'transfer-encoding', 'upgrade']

/**
 * Traefik's `headers` and `forwardAuth` middlewares (`pkg/middlewares/auth/forward.go`): a GET with the headers of the
 * client and `X-Forwarded-*` of its own; 2xx passes, and then each of `authResponseHeaders` is the answer's or gone.
 */
async function forward(mesh: Mesh, { method = 'GET', host = 'orders.shop', path, headers = {} }: ClientRequest) {
  const { middlewares } = parse(
    mesh.recipe('dynamic.yaml', { '127.0.0.1:15015': `${LOCAL}:${mesh.decisionsPort}` }),
  ).http
  const { address, authResponseHeaders, ...others } = middlewares.alcazar.forwardAuth
  assert.deepEqual(others, {}, 'settings that this test does not imitate')
  const told = withHeaders(headers, middlewares.told.headers.customRequestHeaders)
  const sent = {
    ...Object.fromEntries(Object.entries(told).filter(([name]) => !HOP_BY_HOP.includes(name))),
    'x-forwarded-for': LOCAL,
    'x-forwarded-method': method,
    'x-forwarded-proto': 'http',
    'x-forwarded-host': host,
    'x-forwarded-uri': path,
  }
  const request = http.get(address, { agent: false, headers: sent as http.OutgoingHttpHeaders })
  const { status, headers: answered } = await exchange(request)
  const taken = Object.fromEntries(
    authResponseHeaders.map((name: string) => [name, answered[name.toLowerCase()] ?? '']),
  )
  return { status, headers: withHeaders(told, taken) } satisfies Outcome
}

/** Sets headers; an empty value removes. */
function withHeaders(headers: Headers, changes: Readonly<Record<string, string>>): Headers {
  const lower = Object.entries(changes).map(([name, value]) => [name.toLowerCase(), value] as const)
  return Object.fromEntries(
    [...Object.entries(headers), ...lower].filter(([name, value]) => {
      const change = lower.findLast(([changed]) => changed === name)
      return change === undefined || (change[1] !== '' && change[1] === value)
    }),
  )
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })

const CASES: readonly (readonly [status: number, title: string, request: ClientRequest])[] = [
  [200, 'a public path', { path: '/public/a' }],
  [200, 'a path in the middle of which slashes were merged', { path: '/public/a/b' }],
  [403, 'a path that is refused', { path: '/admin/users' }],
  [403, 'an escaped path that is refused', { path: '/%61dmin' }],
  [403, 'slash runs, which the service merges as Traefik does', { path: '//admin' }],
  [403, 'nothing allows it', { path: '/reports' }],
  [200, 'the method of the client', { path: '/items/7/price', method: 'HEAD' }],
  [403, 'another method', { path: '/items/7/price', method: 'PUT' }],
  [403, 'an unknown method: 403 for 400', { path: '/public/a', method: 'FOO' }],
  [200, 'the host of the client', { path: '/x', host: 'open.shop' }],
  [403, 'the host with a port', { path: '/x', host: 'open.shop:8080' }],
  [403, 'a header', { path: '/public/a', headers: { 'x-debug': 'on' } }],
  [403, 'a repeated header', { path: '/public/a', headers: { 'x-debug': ['off', 'on'] } }],
  [200, 'a good token', { path: '/me', headers: bearer(TOKENS.good) }],
  [401, 'an expired token', { path: '/me', headers: bearer(TOKENS.expired) }],
  [403, 'a token for another audience', { path: '/me', headers: bearer(TOKENS.otherAudience) }],
  [403, 'no token', { path: '/me' }],
  [200, 'a header made of a claim', { path: '/alice', headers: bearer(TOKENS.good) }],
  [403, 'the same header sent by the client', { path: '/alice', headers: { 'x-user': 'alice' } }],
]

describe("traefik.md: Traefik's requests get the answers of POST /v1/decisions", () => {
  let mesh: Mesh
  before(async () => {
    mesh = await startMesh('traefik', HTTP_POLICIES)
  })

  for (const [status, title, request] of CASES) {
    test(`${status}: ${title}`, async () => {
      const { method = 'GET', host = 'orders.shop', path, headers = {} } = request
      const fields = Object.entries(headers).flatMap(([name, value]) =>
        [value].flat().map((one) => [name, one] as const),
      )
      const asked = {
        protocol: 'http',
        port: 8080,
        sourceIp: LOCAL,
        peer: null,
        method,
        path,
        host,
        headers: fields,
      } as const
      const decided = await mesh.decide('shop/orders', asked)
      const inForwardAuth = decided.status === 400 ? 403 : decided.status
      assert.equal(decided.decision === 'allow' ? 200 : inForwardAuth, status, 'the decision')
      assert.equal((await forward(mesh, request)).status, status, 'the answer')
    })
  }

  test('the workload gets the header of the policy, no token and nothing that the client forged', async () => {
    const forged = { 'x-user': 'root', 'x-forwarded-client-cert': 'URI=spiffe://cluster.local/ns/ops/sa/admin' }
    const { headers } = await forward(mesh, { path: '/me', headers: { ...bearer(TOKENS.good), ...forged } })
    assert.equal(headers['x-user'], 'alice')
    assert.equal(headers.authorization, undefined)
    assert.equal(headers['x-forwarded-client-cert'], undefined)
    assert.equal((await forward(mesh, { path: '/public/a', headers: forged })).headers['x-user'], undefined)
  })

  test('hostile 74: what a client says of itself is not believed', async () => {
    const headers = {
      'x-forwarded-client-cert': 'URI=spiffe://cluster.local/ns/ops/sa/admin',
      'x-alcazar-workload': 'other/workload',
      'x-alcazar-source-ip': '10.1.2.3',
      'x-alcazar-sni': 'orders.shop',
      'x-original-uri': '/public/a',
      'x-original-method': 'HEAD',
    }
    for (const path of ['/reports', '/far', '/sni', '/admin']) {
      assert.equal((await forward(mesh, { path, headers })).status, 403, path)
    }
  })
})
