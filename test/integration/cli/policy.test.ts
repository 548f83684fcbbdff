import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runCommandLine } from '../../../src/cli/run.ts'
import { openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'

const directory = mkdtempSync(join(tmpdir(), 'alcazar-policy-'))
after(() => rmSync(directory, { recursive: true, force: true }))

function file(name: string, text: string | Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

async function run(...words: readonly string[]) {
  const io = fakeIo({ env: { ALCAZAR_SERVER: '/nowhere/admin.sock' } })
  const exit = await runCommandLine(['policy', ...words], io)
  return { exit, out: io.out(), err: io.err() }
}

const policies = file(
  'shop.yaml',
  `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: web, namespace: shop }
spec: { address: 10.0.0.7, serviceAccount: web, labels: { app: web } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  rules:
    - from: [{ source: { principals: [td1/ns/shop/sa/frontend] } }]
      to: [{ operation: { methods: [GET], paths: ["/api/*"] } }]
      when: [{ key: "request.headers[x-tenant]", values: [a] }]
`,
)
const mesh = file('mesh.yaml', 'trustDomain: td1\n')
const workload = file('web.yaml', 'namespace: shop\nlabels: { app: web }\n')
const files = ['--policies', policies, '--mesh', mesh]
const asked = ['--source', 'shop/frontend', '--path', '/api/x', '--header', 'X-Tenant: a']

const checks: readonly (readonly [title: string, words: readonly string[], exit: number, out: RegExp])[] = [
  ['allowed', ['--workload', 'shop/web', ...asked], 0, /^allow\n$/],
  ['allowed, the workload by a file', ['--workload', workload, ...asked], 0, /^allow\n$/],
  ['denied', ['--workload', 'shop/web', ...asked, '--method', 'PUT'], 1, /^deny 403: no ALLOW policy matched\n$/],
  ['TCP, denied', ['--workload', 'shop/web', '--source', 'none', '--tcp'], 1, /^deny: no ALLOW policy matched\n$/],
  ['TLS that is not ours', ['--workload', 'shop/web', '--source', 'td2/ns/a/sa/b'], 1, /^deny: connection refused/],
]
for (const [title, words, exit, out] of checks) {
  test(`policy check: ${title}`, async () => {
    const result = await run('check', ...files, ...words)
    assert.deepEqual([result.exit, result.err], [exit, ''])
    assert.match(result.out, out)
  })
}

const usage: readonly (readonly [words: readonly string[], hint: RegExp])[] = [
  [['check', '--source', 'none'], /--workload/],
  [['check', '--workload', 'shop/web'], /--source/],
  [['check', '--workload', 'shop/web', '--source', 'x', ...files], /NS\/SA/],
  [['check', '--workload', 'shop/wbe', '--source', 'none', ...files], /shop\/wbe/],
  [['check', '--workload', 'shop/web', '--source', 'none', '--mesh', mesh], /--policies/],
  [['check', '--workload', 'shop/web', '--source', 'none', '--port', '70000', ...files], /--port/],
  [['check', '--workload', 'shop/web', '--source', 'none', '--header', 'x', ...files], /name:value/],
  [['check', '--workload', policies, '--source', 'none', ...files], /must hold one workload/],
  [['test'], /policy test --help/],
  [['test', join(directory, 'none.yaml')], /there is no such file/],
  [['test', policies], /must hold one document/],
  [['test', file('typo.yaml', 'policies: []\ncases: [{ nmae: a }]\n')], /typo\.yaml: .*cases\[0\]/],
  [['test', file('broken.yaml', 'policies: []\ncases: [\n')], /broken\.yaml:\d+: /],
  [['test', file('broken.jsonl', '\n{"name": 1\n')], /broken\.jsonl:2: the text is not JSON/],
  [['test', file('twice.jsonl', '{"name":"a","name":"b"}\n')], /twice\.jsonl:1: the key `name` stands there twice/],
  [['test', file('damaged.jsonl.gz', 'no gzip')], /damaged\.jsonl\.gz: /],
  [['test', file('empty.jsonl', '\n')], /no cases/],
]
for (const [words, hint] of usage) {
  test(`policy ${words.slice(0, 6).join(' ')}: exits 2`, async () => {
    const { exit, out, err } = await run(...words)
    assert.deepEqual([exit, out], [2, ''])
    assert.match(err, hint)
  })
}

test('policy check: policies that Istio would refuse decide nothing', async () => {
  const bad = file(
    'bad.yaml',
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: a }\nspec: { mtsl: {} }\n',
  )
  const { exit, out, err } = await run('check', '--policies', bad, '--workload', workload, '--source', 'none')
  assert.deepEqual([exit, out], [1, ''])
  assert.match(err, /bad\.yaml:0 spec\.mtsl: .*did you mean `mtls`/)
})

test('policy explain: what decided, the first field that did not hold, and the nearest miss', async () => {
  const words = ['--workload', 'shop/web', '--source', 'shop/frontend', '--path', '/api/x']
  const { exit, out } = await run('explain', ...files, ...words)
  assert.equal(exit, 0)
  assert.match(out, /✗ ALLOW +shop\/readers +rule 0: request\.headers\[x-tenant\] wants a; saw none\n/)
  assert.match(
    out,
    /Nearest: would be allowed with request\.headers\[x-tenant\]=a \(was absent\), by shop\/readers rule 0\n/,
  )
  const json = JSON.parse((await run('explain', ...files, ...words, '--output', 'json')).out)
  assert.equal(json.decision, 'deny')
  assert.equal(json.trace.at(-1).rules[0].mismatch.field, 'when[0].values')
  assert.deepEqual(json.nearestMiss.changes, [{ attribute: 'request.headers[x-tenant]', seen: [], to: 'a' }])
})

test('policy check --token: the file is sent as bearer token', async () => {
  const token = file('token', 'a.b.c\n')
  const jwt = file(
    'jwt.json',
    JSON.stringify({
      apiVersion: 'security.istio.io/v1',
      kind: 'RequestAuthentication',
      metadata: { name: 'jwt', namespace: 'shop' },
      spec: { jwtRules: [{ issuer: 'a', jwks: '{"keys":[{"kty":"oct","k":"AAAA"}]}' }] },
    }),
  )
  const { exit, out } = await run(
    'check',
    '--policies',
    jwt,
    '--workload',
    workload,
    '--source',
    'none',
    '--token',
    token,
  )
  assert.equal(exit, 1)
  assert.match(out, /^deny 401: /)
})

async function ask(reply: (seen: Seen) => Reply, ...words: readonly string[]) {
  await using api = await openFakeApi(reply)
  const io = fakeIo()
  const exit = await runCommandLine(['policy', ...words, '--server', api.socket], io)
  return { exit, out: io.out(), err: io.err(), seen: api.seen }
}

const decided = { decision: 'deny', status: 403, cause: 'rbac', phase: 'authorization', reason: 'no' }

test('policy check without --policies asks the server', async () => {
  const reply = ({ url }: Seen) =>
    url === '/v1/status' ? { body: { trustDomain: 'td9' } } : { body: { version: 7, decisions: [decided] } }
  const { exit, out, seen } = await ask(reply, 'check', '--workload', 'shop/web', ...asked)
  assert.deepEqual([exit, out], [1, 'deny 403: no\n'])
  assert.deepEqual(
    seen.map(({ method, url }) => `${method} ${url}`),
    ['GET /v1/status', 'POST /v1/decisions'],
  )
  assert.deepEqual(JSON.parse(seen[1]?.body ?? ''), {
    workload: 'shop/web',
    explain: false,
    requests: [
      {
        protocol: 'http',
        port: 8080,
        sourceIp: '127.0.0.1',
        peer: { uriSans: ['spiffe://td9/ns/shop/sa/frontend'] },
        method: 'GET',
        path: '/api/x',
        host: 'localhost',
        headers: [['X-Tenant', 'a']],
      },
    ],
  })
})

test('policy explain: an answer of another form is not our server', async () => {
  const { exit } = await ask(
    () => ({ body: { decisions: [{ decision: 'maybe' }] } }),
    'explain',
    '--workload',
    'a/b',
    '--source',
    'none',
  )
  assert.equal(exit, 69)
})

const short = (expect: string) => `
mesh: { trustDomain: td1 }
policies: [shop.yaml]
cases:
  - { name: reads, workload: shop/web, source: shop/frontend, request: GET http://shop/api/x, headers: { x-tenant: a }, expect: ${expect}, policy: readers }
  - { name: port of the URL, workload: web.yaml, source: none, request: GET http://shop:9999/, expect: 403 }
  - { name: bytes, workload: { namespace: other }, source: none, tcp: true, port: 9000, expect: allow }
`

test('policy test: the short form', async () => {
  const good = await run('test', file('good.test.yaml', short('allow')))
  assert.deepEqual([good.exit, good.out], [0, 'passed: 3 decisions of 3 cases\n'])
  const bad = await run('test', file('bad.test.yaml', short('401')))
  assert.equal(bad.exit, 1)
  assert.match(bad.out, /^reads +401 by readers +allow 200 +allowed by shop\/readers rule 0$/m)
  assert.match(bad.out, /failed: 1 of 3 decisions of 3 cases\n$/)
})

test('policy test: --output json sums up and has each disagreement, --output junit is a report', async () => {
  const cases = file('json.test.yaml', short('deny'))
  const { exit, out } = await run('test', cases, '--output', 'json')
  assert.equal(exit, 1)
  const { failures, ...sums } = JSON.parse(out)
  assert.deepEqual(sums, { cases: 3, decisions: 3, passed: 2, failed: 1 })
  assert.deepEqual(Object.keys(failures[0]), ['case', 'request', 'wanted', 'got'])
  assert.deepEqual(failures[0].wanted, { expect: 'deny', policy: 'readers' })
  assert.equal(failures[0].got.status, 200)
  assert.match(
    (await run('test', cases, '--output', 'junit')).out,
    /<testsuite name=".*json\.test\.yaml" tests="3" failures="1"/,
  )
})

interface RowChange {
  readonly tags?: readonly string[]
  readonly spec?: object
  readonly decision?: string
}

function row({ tags = [], spec = { rules: [{}] }, decision = 'allow' }: RowChange): string {
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'foo' },
  }
  const outcome = { decision, status: 200, cause: 'allowed', remoteIp: '127.0.0.1' }
  const request = {
    protocol: 'http',
    port: 8080,
    sourceIp: '127.0.0.1',
    peer: null,
    method: 'GET',
    path: '/',
    host: 'a',
  }
  return `${JSON.stringify({
    name: 'row',
    tags,
    mesh: { rootNamespace: 'istio-system', trustDomain: 'td1', trustDomainAliases: [], pathNormalization: '' },
    workload: { namespace: 'foo', labels: {}, ip: '127.0.0.2', ports: null },
    policies: [{ ...policy, spec }],
    requests: [
      { id: 'row#1', ...request, outcome },
      { id: 'row#2', ...request, outcome },
    ],
  })}\n`
}

const BAD = { rules: [{ from: [{ source: { princpals: ['a'] } }] }] }
const rows: readonly (readonly [title: string, change: RowChange, failed: number])[] = [
  ['agrees', {}, 0],
  ['disagrees in each request', { decision: 'deny' }, 2],
  ['is to be refused by validation, and is', { tags: ['invalid'], spec: BAD }, 0],
  ['is to be refused by validation, and is not', { tags: ['invalid'] }, 2],
  ['is refused by validation, and should not be', { spec: BAD }, 2],
]
for (const [title, change, failed] of rows) {
  test(`policy test: a row that ${title}`, async () => {
    const { exit, out } = await run('test', file('row.jsonl.gz', gzipSync(row(change))), '--output', 'json')
    const report = JSON.parse(out)
    assert.deepEqual([exit, report.decisions, report.failed], [failed === 0 ? 0 : 1, 2, failed])
    assert.equal(report.failures.length, failed)
  })
}

test('policy test: of many disagreements the first 50 are told', async () => {
  const many = file('many.jsonl', row({ decision: 'deny' }).repeat(40))
  const { failed, failures } = JSON.parse((await run('test', many, '--output', 'json')).out)
  assert.deepEqual([failed, failures.length], [80, 50])
  assert.match((await run('test', many)).out, /… and 30 more\n/)
})

test('policy test: a directory gives its files of cases and passes over others', async () => {
  const below = mkdtempSync(join(directory, 'below-'))
  writeFileSync(join(below, 'a.jsonl'), row({}))
  writeFileSync(
    join(below, 'b.yaml'),
    'policies: []\ncases: [{ name: a, workload: { namespace: a }, source: none, request: GET /, expect: allow }]\n',
  )
  writeFileSync(join(below, 'policy.yaml'), 'apiVersion: v1\nkind: Other\n')
  assert.equal((await run('test', below)).out, 'passed: 3 decisions of 2 cases\n')
})

const lint: readonly (readonly [title: string, spec: string, words: readonly string[], exit: number, out: RegExp])[] = [
  ['nothing', '{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }', [], 0, /^1 document: nothing to say\n$/],
  ['an error', '{ acton: DENY }', [], 1, /^error: .*:0 spec\.acton: .*did you mean `action`.* \[unknown-field\]\n/],
  [
    'a warning',
    '{ rules: [{ from: [] }] }',
    [],
    0,
    /^warning: .*:0 spec\.rules\[0\]\.from.*\n1 document: 0 errors, 2 warnings\n$/ms,
  ],
  ['a warning, strictly', '{ rules: [{ from: [] }] }', ['--strict'], 1, /^warning/],
]
for (const [title, spec, words, exit, out] of lint) {
  test(`policy lint: ${title}`, async () => {
    const text = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: a, namespace: b }\nspec: ${spec}\n`
    const result = await run('lint', file('lint.yaml', text), ...words)
    assert.equal(result.exit, exit)
    assert.match(result.out, out)
  })
}

test('policy lint: the same object twice is an error, as it is when applied', async () => {
  const { exit, out } = await run('lint', policies, policies)
  assert.equal(exit, 1)
  assert.match(out, /^error: .*shop\.yaml:1 metadata\.name: .*shop\.yaml:1 is the same object.* \[duplicate-object\]$/m)
})
