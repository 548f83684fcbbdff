import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'

type Io = Parameters<typeof fakeIo>[0]

/** Runs one command line against a fake API. */
async function run(words: readonly string[], reply: (seen: Seen) => Reply, given: Io = {}) {
  await using api = await openFakeApi(reply)
  const io = fakeIo(given)
  const exit = await runCommandLine([...words, '--server', api.socket], io)
  return { exit, out: io.out(), err: io.err(), seen: api.seen }
}

const refuse = (status: number, code: string) => () => ({
  status,
  body: { type: 'about:blank', title: 'No', status, detail: `no: ${code}`, code, requestId: 'r-1' },
})
const identity = 'spiffe://cluster.local/ns/default/sa/web'
const serial = '0000000000000000000000000000abcd'

const requests: readonly (readonly [words: readonly string[], method: string, url: string, body: unknown])[] = [
  [['token', 'create', '--identity', identity], 'POST', '/v1/tokens', { identity }],
  [
    ['token', 'create', '--identity', identity, '--ttl', '10m', '--uses', '3'],
    'POST',
    '/v1/tokens',
    { identity, ttl: '10m', uses: 3 },
  ],
  [['token', 'create', '--identity', identity, '--ttl', '90'], 'POST', '/v1/tokens', { identity, ttl: 90 }],
  [['token', 'revoke', 'a/../b'], 'DELETE', '/v1/tokens/a%2F..%2Fb', null],
  [['token', 'list', '--limit', '7', '--after', 'c&d'], 'GET', '/v1/tokens?limit=7&after=c%26d', null],
  [
    ['cert', 'list', '--identity', identity, '--since', '24h'],
    'GET',
    `/v1/issued?identity=${encodeURIComponent(identity)}&since=2026-11-20T03%3A00%3A00.000Z`,
    null,
  ],
  [['cert', 'revoke', 'AB:CD', '--reason', 'lost it', '--yes'], 'DELETE', `/v1/issued/${serial}?reason=lost+it`, null],
  [
    ['jwt', 'issue', '--audience', 'a', 'b', '--identity', identity, '--ttl', '1m'],
    'POST',
    '/v1/jwts',
    { audiences: ['a', 'b'], identity, ttl: '1m' },
  ],
  [
    ['jwt', 'issue', '--join-token', 'alcz_x', '--audience', 'a'],
    'POST',
    '/v1/jwts',
    { audiences: ['a'], joinToken: 'alcz_x' },
  ],
  [['bundle', 'show', '--format', 'spiffe'], 'GET', '/v1/bundle', null],
  [['bundle', 'show', '--trust-domain', 'b.example'], 'GET', '/v1/bundle.pem?trustDomain=b.example', null],
  [
    ['bundle', 'show', '--trust-domain', 'b.example', '--output', 'json'],
    'GET',
    '/v1/bundle?trustDomain=b.example',
    null,
  ],
  [['status'], 'GET', '/v1/status', null],
]
for (const [words, method, url, body] of requests) {
  test(`${words.slice(0, 2).join(' ')}: asks ${method} ${url.slice(0, 60)}`, async () => {
    const { exit, seen } = await run(words, () => ({ body: { items: [], next: null } }))
    assert.equal(exit, 0)
    const [one] = seen
    assert.deepEqual([one?.method, one?.url], [method, url])
    assert.deepEqual(one?.body === '' ? null : JSON.parse(one?.body ?? ''), body)
  })
}

test('a list is a table for people, with how to go on', async () => {
  const list = {
    items: [
      { serial, identity, issuedAt: '2026-11-21T02:00:00Z', notAfter: '2026-11-21T04:00:00Z', outcome: 'issued' },
    ],
    next: 'c1',
  }
  const pipe = await run(['cert', 'list'], () => ({ body: list }))
  assert.match(pipe.out, /^SERIAL {2,}IDENTITY/)
  assert.match(pipe.out, /2026-11-21T04:00:00Z/)
  assert.match(pipe.err, /--after c1/)
  const terminal = await run(['cert', 'list'], () => ({ body: list }), { terminal: true, env: { NO_COLOR: '1' } })
  assert.match(terminal.out, /1 h ago +in 1 h/)
})

test('--output json: the result is one JSON value, what the server added included', async () => {
  const body = { items: [{ id: '1', new: { field: true } }], next: 'c1' }
  const { out, err } = await run(['token', 'list', '--output', 'json'], () => ({ body }))
  assert.deepEqual(JSON.parse(out), body)
  assert.equal(err, '')
})

test('an answer without a body is a result all the same', async () => {
  const { exit, out } = await run(['token', 'revoke', 't1', '--output', 'json'], () => ({ status: 204 }))
  assert.equal(exit, 0)
  assert.deepEqual(JSON.parse(out), { id: 't1', revoked: true })
})

test('bundle show: PEM for files, the SPIFFE bundle for --output json', async () => {
  const reply = ({ url }: Seen) => (url === '/v1/bundle' ? { body: { keys: [] } } : { text: 'PEM\n' })
  assert.equal((await run(['bundle', 'show'], reply)).out, 'PEM\n')
  assert.deepEqual(JSON.parse((await run(['bundle', 'show', '--output', 'json'], reply)).out), { keys: [] })
})

test('bundle show: a SPIFFE bundle digit for digit, and whether it is stale', async () => {
  const text = '{"keys":[],"x":"\u202e","spiffe_sequence":9223372036854775807}'
  const show = async (headers: Record<string, string>) =>
    run(['bundle', 'show', '--trust-domain', 'b.example', '--format', 'spiffe'], () => ({ text, headers }))
  const fresh = await show({ age: '10', 'cache-status': 'alcazar; hit; ttl=590' })
  assert.deepEqual([fresh.out, fresh.err], [`${text.replace('\u202e', '\\u202e')}\n`, ''])
  const stale = await show({ age: '7300', 'cache-status': 'alcazar; hit; ttl=-1' })
  assert.equal(stale.out, fresh.out)
  assert.match(stale.err, /^warning: it is stale: its server confirmed it 2 h 1 min ago/)
})

test('status: foreign trust domains, where there are any', async () => {
  const item = { trustDomain: 'b.example', state: 'failing', sequence: '7', fetchedAt: '2026-11-21T02:00:00Z' }
  const b = { ...item, nextFetchAt: '2026-11-21T03:05:00Z', url: 'https://b.example/', error: 'no answer in time' }
  const { out } = await run(['status'], () => ({ body: { federation: [b] } }))
  assert.match(
    out,
    /TRUST DOMAIN .*NEXT .*ERROR\nb\.example .*failing .*7 .*T02:00:00Z .*T03:05:00Z .*no answer in time/,
  )
  assert.doesNotMatch((await run(['status'], () => ({ body: { federation: [] } }))).out, /TRUST DOMAIN/)
})

for (const [status, code] of [
  [400, 'issue.ttl_invalid'],
  [403, 'auth.forbidden'],
  [429, 'limit.rate'],
  [500, 'internal'],
  [503, 'issue.not_recorded'],
] as const) {
  test(`a ${status} exits 1 with its code`, async () => {
    const { exit, out, err } = await run(['status', '--output', 'json'], refuse(status, code))
    assert.equal(exit, 1)
    assert.equal(out, '')
    const { error } = JSON.parse(err)
    assert.equal(error.code, code)
    assert.equal(error.detail.requestId, 'r-1')
  })
}

const strangers: readonly (readonly [title: string, reply: Reply])[] = [
  ['a redirect', { status: 302, headers: { location: 'http://elsewhere/' } }],
  ['an HTML error page', { status: 502, text: '<html>' }],
  ['an error that is no object', { status: 500, text: 'null' }],
  ['a success that is no JSON', { text: 'hello' }],
  ['a success that is no object', { text: '[]' }],
]
for (const [title, reply] of strangers) {
  test(`${title} is not our server: 69`, async () => {
    const { exit, err, seen } = await run(['token', 'list', '--output', 'json'], () => reply)
    assert.equal(exit, 69)
    assert.equal(JSON.parse(err).error.code, 'server.response_invalid')
    assert.equal(seen.length, 1)
  })
}

test('nobody listening: 69, the socket named', async () => {
  const io = fakeIo({ env: { ALCAZAR_SERVER: '/nowhere/admin.sock' } })
  assert.equal(await runCommandLine(['status', '--output', 'json'], io), 69)
  const { error } = JSON.parse(io.err())
  assert.equal(error.code, 'server.unreachable')
  assert.match(error.message, /\/nowhere\/admin\.sock/)
})

test('hostile 102: escape sequences of the server are not printed', async () => {
  const items = [{ id: '\u001b]0;title\u0007', identity: 'a\nforged', uses: 1 }]
  const { out } = await run(['token', 'list'], () => ({ body: { items, next: 'x\u001b[2J' } }))
  assert.match(out, /^[\x20-\x7e\n]+$/)
  assert.equal(out.split('\n').length, 3)
  const failed = await run(['token', 'list'], refuse(400, 'x\u001b[2J\ny'))
  assert.match(failed.err, /^[\x20-\x7e]+\n$/)
})

test('cert revoke asks a person, and only a person', async () => {
  const reply = () => ({ status: 204 })
  const words = ['cert', 'revoke', serial, '--reason', 'lost']
  assert.equal((await run(words, reply, { answer: 'y' })).exit, 0)
  const no = await run(words, reply, { answer: '' })
  assert.deepEqual([no.exit, no.seen.length], [1, 0])
  const nobody = await run(words, reply)
  assert.deepEqual([nobody.exit, nobody.seen.length], [2, 0])
})

test('cert show SERIAL: what the record has, or 1', async () => {
  const found = await run(['cert', 'show', 'AB:CD'], () => ({ body: { items: [{ serial, identity }], next: null } }))
  assert.equal(found.exit, 0)
  assert.equal(found.seen[0]?.url, `/v1/issued?serial=${serial}`)
  assert.match(found.out, /default\/sa\/web/)
  const missing = await run(['cert', 'show', 'abcd', '--output', 'json'], () => ({ body: { items: [], next: null } }))
  assert.equal(missing.exit, 1)
  assert.equal(JSON.parse(missing.err).error.code, 'resource.not_found')
})

test('status: not ready says why', async () => {
  const body = {
    ready: false,
    problems: ['the disk is full'],
    trustDomain: 'cluster.local',
    authorities: [],
    listeners: [],
  }
  const { exit, out } = await run(['status'], () => ({ body }))
  assert.equal(exit, 0)
  assert.match(out, /^NOT READY\n {2}the disk is full\n/)
})
