import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Spend } from '../../../src/identity/evidence.ts'
import { anIntent, aToken, NOW, testStore } from '../../support/store.ts'

/** The codes of the refused among intents that are recorded at the same moment. */
function codes(outcomes: readonly PromiseSettledResult<number>[]): readonly string[] {
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'recorded' : outcome.reason.code))
}

test('hostile 65: a join token of n uses gives n certificates, also when more ask at the same moment', async (t) => {
  const { store } = await testStore(t)
  const token = aToken({ uses: 3 })
  await store.createToken(token)
  const spend: Spend = { kind: 'join-token', id: token.id }
  const asked = Array.from({ length: 5 }, () => store.recordIntent(anIntent({ spend })))
  const neighbour = store.recordIntent(anIntent())
  assert.deepEqual(codes(await Promise.allSettled(asked)), [
    ...Array(3).fill('recorded'),
    ...Array(2).fill('auth.token_used'),
  ])
  await neighbour
  await assert.rejects(store.recordIntent(anIntent({ spend })), { code: 'auth.token_used' })
  assert.equal((await store.findTokenByHash(token.hash))?.used, 3)
  assert.equal((await store.listIssued({ limit: 10 })).items.length, 4)
})

test('hostile 65: a single-use JWT is spent once', async (t) => {
  const { store } = await testStore(t)
  const spend: Spend = { kind: 'jwt', hash: randomBytes(32), expiresAt: NOW / 1000 + 60 }
  const together = await Promise.allSettled([1, 2].map(() => store.recordIntent(anIntent({ spend }))))
  assert.deepEqual(codes(together), ['recorded', 'auth.token_used'])
  await assert.rejects(store.recordIntent(anIntent({ spend })), { code: 'auth.token_used' })
  await store.recordIntent(anIntent({ spend: { ...spend, hash: randomBytes(32) } }))
})

test('a revoked, an unknown and an expired join token are told apart', async (t) => {
  const { store, clock } = await testStore(t)
  const [revoked, expired] = [aToken(), aToken({ expiresAt: NOW / 1000 + 60 })]
  await store.createToken(revoked)
  await store.createToken(expired)
  await store.revokeToken(revoked.id, 'local')
  clock.advance(60_000)
  const spend = (id: string) => store.recordIntent(anIntent({ spend: { kind: 'join-token', id } }))
  await assert.rejects(spend(revoked.id), { code: 'auth.token_unknown' })
  await assert.rejects(spend('nobody'), { code: 'auth.token_unknown' })
  await assert.rejects(spend(expired.id), { code: 'auth.token_expired' })
})

test('a use is not counted when its intent is refused for its serial', async (t) => {
  const { store } = await testStore(t)
  const token = aToken()
  const { serial } = anIntent()
  await store.createToken(token)
  await store.recordIntent(anIntent({ serial }))
  const spend: Spend = { kind: 'join-token', id: token.id }
  await assert.rejects(store.recordIntent(anIntent({ serial, spend })), { code: 'issue.not_recorded' })
  await store.recordIntent(anIntent({ spend }))
})
