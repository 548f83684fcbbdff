import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type JoinTokenRequest, JoinTokens } from '../../../src/identity/join-token.ts'
import { openRandomPool } from '../../../src/kernel/random.ts'
import { FakeJoinTokenStore } from '../../support/attestation.ts'
import { FakeClock } from '../../support/fakes.ts'

const NOW = 1_795_230_000
const WEB = 'spiffe://cluster.local/ns/default/sa/web'

function open(maxTtlSeconds = 86_400) {
  const store = new FakeJoinTokenStore()
  const clock = new FakeClock(NOW * 1000 + 500)
  const settings = () => ({ trustDomain: 'cluster.local', maxTtlSeconds })
  return { store, clock, tokens: new JoinTokens({ store, clock, random: openRandomPool(), settings }) }
}

test('join token: 256 random bits, of which the store sees the hash alone', async () => {
  const { store, tokens } = open()
  const { token, ...view } = await tokens.create({ identity: WEB }, 'local')
  assert.match(token, /^alcz_[A-Za-z0-9_-]{43}$/)
  const [stored] = store.tokens
  assert.deepEqual(stored, { ...view, hash: createHash('sha256').update(token).digest() })
  assert.deepEqual(
    { ...view, id: '' },
    {
      id: '',
      identity: WEB,
      createdAt: NOW * 1000 + 500,
      expiresAt: NOW + 600,
      uses: 1,
      used: 0,
      createdBy: 'local',
      revoked: false,
    },
  )
  assert.notEqual((await tokens.create({ identity: WEB }, 'local')).token, token)
})

test('join token: the default life never exceeds the maximum', async () => {
  const { expiresAt } = await open(60).tokens.create({ identity: WEB }, 'local')
  assert.equal(expiresAt, NOW + 60)
})

const refused: readonly (readonly [string, JoinTokenRequest, string])[] = [
  ['a ttl of 0', { identity: WEB, ttlSeconds: 0 }, 'issue.ttl_invalid'],
  ['a negative ttl', { identity: WEB, ttlSeconds: -1 }, 'issue.ttl_invalid'],
  ['half a second', { identity: WEB, ttlSeconds: 0.5 }, 'issue.ttl_invalid'],
  ['NaN', { identity: WEB, ttlSeconds: Number.NaN }, 'issue.ttl_invalid'],
  ['a ttl above the maximum', { identity: WEB, ttlSeconds: 86_401 }, 'issue.ttl_invalid'],
  ['no uses', { identity: WEB, uses: 0 }, 'request.malformed'],
  ['a half use', { identity: WEB, uses: 1.5 }, 'request.malformed'],
  ['uses without end', { identity: WEB, uses: Number.POSITIVE_INFINITY }, 'request.malformed'],
  ['no SPIFFE ID', { identity: 'web' }, 'request.malformed'],
  ['another trust domain', { identity: 'spiffe://evil.example/a' }, 'request.malformed'],
  ['the trust domain itself', { identity: 'spiffe://cluster.local' }, 'request.malformed'],
]
for (const [title, request, code] of refused) {
  test(`join token: ${title} is refused`, async () => {
    const { store, tokens } = open()
    await assert.rejects(tokens.create(request, 'local'), { code })
    assert.equal(store.tokens.length, 0)
  })
}

test('join token: attests its identity until it expires, and is spent by its id', async () => {
  const { clock, tokens } = open()
  const { token, id } = await tokens.create({ identity: WEB }, 'local')
  const caller = await tokens.attest(token)
  assert.equal(caller.identity.uri, WEB)
  assert.deepEqual(caller.spend, { kind: 'join-token', id })
  assert.equal(caller.subject, id)
  clock.advance(599_499)
  await tokens.attest(token)
  clock.advance(1)
  await assert.rejects(tokens.attest(token), { code: 'auth.token_expired' })
})

test('join token: used up, revoked, unknown and misshapen ones are refused', async () => {
  const { store, tokens } = open()
  const { token, id } = await tokens.create({ identity: WEB, uses: 2 }, 'local')
  store.change(id, { used: 2 })
  await assert.rejects(tokens.attest(token), { code: 'auth.token_used' })
  assert.equal(await tokens.revoke(id, 'local'), true)
  await assert.rejects(tokens.attest(token), { code: 'auth.token_unknown' })
  assert.equal(await tokens.revoke('none', 'local'), false)
  for (const other of [`alcz_${'A'.repeat(43)}`, `${token}A`, token.slice(0, -1), `${token}\n`, 'alcz_', '']) {
    await assert.rejects(tokens.attest(other), { code: 'auth.token_unknown' })
  }
})

test('join token: a stored identity is judged again, since the database is input too', async () => {
  const { store, tokens } = open()
  const { token, id } = await tokens.create({ identity: WEB }, 'local')
  for (const identity of ['spiffe://evil.example/a', 'nonsense', 'spiffe://cluster.local']) {
    store.change(id, { identity })
    await assert.rejects(tokens.attest(token), { code: 'auth.subject_invalid' })
  }
})

test('join token: the list has no hashes', async () => {
  const { tokens } = open()
  await tokens.create({ identity: WEB }, 'local')
  const { items } = await tokens.list({ limit: 10 })
  assert.equal(items.length, 1)
  assert.equal(Object.hasOwn(items[0] ?? {}, 'hash'), false)
})
