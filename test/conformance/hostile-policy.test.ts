import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Action, Rule } from '../../src/mesh/resource.ts'
import { engineDecide } from '../support/engine.ts'
import { authorizationPolicy } from '../support/policies.ts'
import type { Outcome, Request } from '../support/reference/row.ts'

const IDENTITY = 'spiffe://td1/ns/foo/sa/a'

interface Asked extends Partial<Request> {
  readonly mode?: string
}

/** What becomes of a request from `IDENTITY` under one policy with one rule. */
function judge(action: Action, rule: Rule, { mode = 'DECODE_AND_MERGE_SLASHES', ...request }: Asked): Promise<Outcome> {
  const row = {
    mesh: { rootNamespace: 'istio-system', trustDomain: 'td1', trustDomainAliases: [], pathNormalization: mode },
    workload: { namespace: 'foo', labels: {}, ip: '10.0.0.5', ports: null },
    policies: [authorizationPolicy('p', [rule], { action })],
  }
  const whole: Request = {
    id: 'hostile',
    protocol: 'http',
    port: 8080,
    sourceIp: '10.1.2.3',
    peer: { uriSans: [IDENTITY] },
    method: 'GET',
    path: '/',
    host: 'shop',
    ...request,
  }
  return engineDecide(row, whole)
}

const statusOf = async (...asked: Parameters<typeof judge>) => (await judge(...asked)).status
const paths = (...values: string[]): Rule => ({ to: [{ operation: { paths: values } }] })
const header = (values: string[]): Rule => ({ when: [{ key: 'request.headers[x-role]', values }] })

const caught: readonly (readonly [number: number, path: string])[] = [
  [78, '//admin'],
  [78, '/admin//x'],
  [78, '//admin//x'],
  [79, '/a/../admin'],
  [79, '/a/%2e%2e/admin'],
  [79, '/./admin'],
  [79, '/%2e/admin/'],
  [80, '/admin%2fx'],
  [80, '/admin%5Cx'],
  [80, '\\admin'.replace('\\', '/x/..\\')],
  [80, '/x%2f..%2fadmin'],
  [83, '/admin?x'],
  [83, '/%61dmin'],
]
for (const [number, path] of caught) {
  test(`hostile ${number}: DENY on /admin holds for ${path}`, async () => {
    assert.equal(await statusOf('DENY', paths('/admin', '/admin/*'), { path }), 403)
  })
}

const refused: readonly (readonly [number: number, request: Partial<Request>])[] = [
  [82, { path: '/public#/../admin' }],
  [83, { path: '/admin%00' }],
  [85, { path: '/\u00c0\u00ae' }],
  [87, { method: 'get' }],
  [87, { method: 'FOO' }],
  [87, { method: 'G'.repeat(10_240) }],
  [87, { method: 'CONNECT', path: 'shop:443' }],
  [87, { method: 'OPTIONS', path: '*' }],
  [87, { path: 'admin' }],
]
for (const [number, request] of refused) {
  test(`hostile ${number}: ${JSON.stringify(request).slice(0, 60)} is 400 before any policy`, async () => {
    const { status, cause } = await judge('ALLOW', {}, request)
    assert.deepEqual([status, cause], [400, 'protocol'])
  })
}

test('hostile 81: path parameters stay, so `..;` is no dot segment', async () => {
  assert.equal(await statusOf('DENY', paths('/admin'), { path: '/v1/..;/admin' }), 200)
  assert.equal(await statusOf('DENY', paths('/v1/..;/admin'), { path: '/v1/..;/admin' }), 403)
})

test('hostile 83: what follows /admin is another path, and case counts', async () => {
  for (const path of ['/admin;x', '/admin.', '/admin%20', '/Admin']) {
    assert.equal(await statusOf('DENY', paths('/admin'), { path }), 200, path)
  }
})

test('hostile 84: an escape is decoded once; no ALLOW matches by a second time', async () => {
  for (const path of ['/a/%252e%252e/public', '/%252fpublic']) {
    assert.equal(await statusOf('ALLOW', paths('/public'), { path }), 403, path)
  }
})

test('hostile 86: the host is matched without case, with its port and its trailing dot', async () => {
  const rule: Rule = { to: [{ operation: { hosts: ['httpbin.foo'] } }] }
  const status = (host: string) => statusOf('DENY', rule, { host })
  assert.equal(await status('Httpbin.Foo'), 403)
  for (const host of ['httpbin.foo:80', 'httpbin.foo.', 'user@httpbin.foo']) assert.equal(await status(host), 200, host)
})

test('hostile 88: a DENY on a header sees every repeat of it', async () => {
  const repeats = [
    ['x-role', 'user'],
    ['X-Role', 'admin'],
    ['x-role', 'user'],
  ] as const
  assert.equal(await statusOf('DENY', header(['admin']), { headers: repeats }), 403)
  assert.equal(await statusOf('ALLOW', header(['user,admin,user']), { headers: repeats }), 403)
})

test('hostile 89: header names fold case; `_` and `-` are different names', async () => {
  assert.equal(await statusOf('DENY', header(['admin']), { headers: [['X-ROLE', 'admin']] }), 403)
  assert.equal(await statusOf('DENY', header(['admin']), { headers: [['x_role', 'admin']] }), 200)
})

test("hostile 90: Envoy's internal headers do not decide", async () => {
  const headers = [
    ['x-envoy-original-path', '/admin'],
    [':path', '/admin'],
  ] as const
  assert.equal(await statusOf('ALLOW', paths('/admin'), { headers }), 403)
})

test('hostile 91: without identity positive principals never match, negative ones do', async () => {
  const from = (source: object): Rule => ({ from: [{ source }] })
  assert.equal(await statusOf('ALLOW', from({ principals: ['*'] }), { peer: null }), 403)
  assert.equal(await statusOf('DENY', from({ notPrincipals: ['td1/ns/foo/sa/a'] }), { peer: null }), 403)
  const two = { peer: { uriSans: ['spiffe://td1/other', IDENTITY] } }
  assert.equal(await statusOf('ALLOW', from({ principals: ['td1/ns/foo/sa/a'] }), two), 200)
})

test('hostile 92: regular expression signs are literal', async () => {
  const from = (principal: string): Rule => ({ from: [{ source: { principals: [principal] } }] })
  assert.equal(await statusOf('ALLOW', from('td1/ns/f.o/sa/a|b'), {}), 403)
  const odd = { peer: { uriSans: ['spiffe://td1/ns/f.o/sa/a|b'] } }
  assert.equal(await statusOf('ALLOW', from('td1/ns/f.o/sa/a|b'), odd), 200)
})

test('hostile 96: an IPv4-mapped address is not the IPv4 address', async () => {
  const rule: Rule = { from: [{ source: { ipBlocks: ['10.1.2.3'] } }] }
  assert.equal(await statusOf('ALLOW', rule, { sourceIp: '::ffff:10.1.2.3' }), 403)
  assert.equal(await statusOf('ALLOW', rule, { sourceIp: '010.1.2.3' }), 403)
})

test('hostile 98: many values and adversarial patterns are decided', async () => {
  const namespaces = Array.from({ length: 1000 }, (_, i) => `${'a*'.repeat(20)}${i}`)
  const peer = { uriSans: [`spiffe://td1/ns/${'a'.repeat(1500)}/sa/x`] }
  assert.equal(await statusOf('ALLOW', { from: [{ source: { namespaces } }] }, { peer }), 403)
})

test('hostile 100: a path of a megabyte and ten thousand headers are decided', async () => {
  const headers = Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, 'v'] as const)
  const path = `/${'a'.repeat(1_048_576)}`
  assert.equal(await statusOf('DENY', { ...paths('*a'), ...header(['never']) }, { path, headers }), 200)
  assert.equal(await statusOf('DENY', paths('*a'), { path, headers }), 403)
})
