import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const KEY = 'ab'.repeat(32)
const SERIAL = 'abcd'.padStart(32, '0')

async function run(words: readonly string[], reply: (seen: Seen) => Reply, given: Parameters<typeof fakeIo>[0] = {}) {
  await using api = await openFakeApi(reply)
  const io = fakeIo(given)
  const exit = await runCommandLine([...words, '--server', api.socket], io)
  return { exit, out: io.out(), err: io.err(), seen: api.seen }
}

const denial = { kind: 'identity', value: WEB, certificates: 3 }

for (const [words, body] of [
  [['--identity', WEB], { identity: WEB }],
  [['--serial', '0xAB:CD'], { serial: SERIAL }],
  [['--public-key', KEY.toUpperCase(), '--reason-code', 'superseded'], { publicKey: KEY, reasonCode: 'superseded' }],
] as const) {
  test(`deny add ${words[0]}`, async () => {
    const { exit, out, seen } = await run(['deny', 'add', ...words, '--reason', 'lost', '--yes'], () => ({
      body: denial,
    }))
    assert.equal(exit, 0)
    const [one] = seen
    assert.deepEqual(
      [one?.method, one?.url, JSON.parse(one?.body ?? '')],
      ['POST', '/v1/denied', { ...body, reason: 'lost' }],
    )
    assert.match(out, /certificates revoked: 3\n$/)
  })
}

test('deny remove names it in the query', async () => {
  const words = ['deny', 'remove', '--identity', WEB, '--output', 'json']
  const { exit, out, seen } = await run(words, () => ({ status: 204 }))
  assert.equal(exit, 0)
  assert.deepEqual([seen[0]?.method, seen[0]?.url], ['DELETE', `/v1/denied?identity=${encodeURIComponent(WEB)}`])
  assert.deepEqual(JSON.parse(out), { identity: WEB, removed: true })
})

for (const words of [
  ['add', '--reason', 'x', '--yes'],
  ['add', '--reason', 'x', '--yes', '--identity', WEB, '--serial', 'ab'],
  ['add', '--identity', WEB, '--yes'],
  ['add', '--reason', 'x', '--public-key', 'ab', '--yes'],
  ['add', '--reason', 'x', '--identity', WEB, '--reason-code', 'hold', '--yes'],
  ['add', '--reason', 'x', '--identity', WEB],
  ['remove'],
] as const) {
  test(`usage: deny ${words.join(' ')}`, async () => {
    const { exit, seen } = await run(['deny', ...words], () => ({ body: denial }))
    assert.deepEqual([exit, seen.length], [2, 0])
  })
}

test('deny add asks a person', async () => {
  const words = ['deny', 'add', '--identity', WEB, '--reason', 'x']
  const no = await run(words, () => ({ body: denial }), { answer: 'n' })
  assert.deepEqual([no.exit, no.seen.length], [1, 0])
  assert.equal((await run(words, () => ({ body: denial }), { answer: 'yes' })).exit, 0)
})

test('crl show: a table with its warnings beside it, or PEM', async () => {
  const items = [
    {
      authority: 'a1',
      kind: 'root',
      number: 7,
      thisUpdate: '2026-11-21T02:00:00Z',
      entries: 0,
      warning: 'old\u001b[2J',
    },
  ]
  const reply = ({ url }: Seen): Reply => (url === '/v1/crl' ? { text: 'PEM\n' } : { body: { items, next: null } })
  const table = await run(['crl', 'show'], reply)
  assert.match(table.out, /^AUTHORITY {2}KIND/)
  assert.equal(table.err, 'warning: a1: old?[2J\n')
  assert.equal((await run(['crl', 'show', '--format', 'pem'], reply)).out, 'PEM\n')
  assert.deepEqual(JSON.parse((await run(['crl', 'show', '--output', 'json'], reply)).out).items, items)
})
