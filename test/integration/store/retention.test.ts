import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { anIntent, aToken, databaseFile, NOW, testStore } from '../../support/store.ts'

const DAY = 86_400_000
const SECONDS = NOW / 1000

test('what expired longer ago than retention says goes, with all that belongs to it; what is younger stays', async (t) => {
  const { store, clock, file } = await testStore(t)
  const old = Array.from({ length: 900 }, () => anIntent())
  const long = anIntent({ notAfter: SECONDS + 90 * 86_400 })
  const recorded = await Promise.all([...old, long].map((intent) => store.recordIntent(intent)))
  for (const id of recorded) store.recordResult(id, 'issued')
  await store.createToken(aToken())
  clock.advance(30 * DAY + 3_600_000)
  const young = anIntent({ issuedAt: clock.now(), notAfter: clock.now() / 1000 + 3600 })
  await store.recordIntent(young)

  await store.retain()
  assert.equal((await store.listIssued({ limit: 1000 })).items.length, 902) // to the second: not yet
  clock.advance(1000)
  await store.retain()
  const left = await store.listIssued({ limit: 1000 })
  assert.deepEqual(
    left.items.map((row) => row.serial),
    [young, long].map(({ serial }) => serial.toString('hex')),
  )
  assert.deepEqual(
    left.items.map((row) => row.outcome),
    ['unknown', 'issued'],
  )
  assert.deepEqual((await store.listIssued({ limit: 10, identity: young.identity })).items, left.items)
  assert.equal((await store.listTokens({ limit: 10 })).items.length, 0)
  assert.equal(await store.retain(), 0)

  await store.close()
  const again = await testStore(t, { file, clock })
  assert.deepEqual((await again.store.listIssued({ limit: 1000 })).items, left.items)
})

test('a row that is kept keeps those that were written after it, and goes with them', async (t) => {
  const { store, clock } = await testStore(t)
  const long = anIntent({ notAfter: SECONDS + 5 * 86_400 })
  for (const intent of [anIntent(), long, anIntent(), anIntent()]) await store.recordIntent(intent)
  clock.advance(31 * DAY)
  await store.retain()
  assert.equal((await store.listIssued({ limit: 10 })).items.length, 3)
  clock.advance(5 * DAY)
  await store.retain()
  assert.equal((await store.listIssued({ limit: 10 })).items.length, 0)
})

test('an id is not given again when retention emptied the record', async (t) => {
  const { store, clock, file } = await testStore(t)
  const first = await store.recordIntent(anIntent())
  store.recordResult(first, 'failed')
  clock.advance(60 * DAY)
  await store.retain()
  assert.equal((await store.listIssued({ limit: 1 })).items.length, 0)
  await store.close()
  const again = await testStore(t, { file, clock })
  const second = await again.store.recordIntent(anIntent({ issuedAt: clock.now() }))
  assert.ok(second > first)
  assert.equal((await again.store.listIssued({ limit: 1 })).items[0]?.outcome, 'unknown')
})

test('a spent JWT is remembered until it is certainly expired', async (t) => {
  const { store, clock } = await testStore(t)
  const spend = { kind: 'jwt', hash: randomBytes(32), expiresAt: SECONDS + 60 } as const
  await store.recordIntent(anIntent({ spend }))
  clock.advance(120_000)
  await store.retain()
  await assert.rejects(store.recordIntent(anIntent({ spend })), { code: 'auth.token_used' })
  clock.advance(DAY)
  assert.equal(await store.retain(), 1)
})

test('retention that is off removes nothing; audit rows have their own', async (t) => {
  const action = { at: NOW, actor: 'local', action: 'token.create', target: 'a', detail: {} }
  const keep = await testStore(t, { retention: { issuedSeconds: null, auditSeconds: null } })
  const audit = await testStore(t, {
    file: await databaseFile(t),
    retention: { issuedSeconds: null, auditSeconds: 60 },
  })
  for (const { store, clock } of [keep, audit]) {
    await store.recordIntent(anIntent())
    await store.appendAdminAction(action)
    clock.advance(1000 * DAY)
    await store.retain()
    assert.equal((await store.listIssued({ limit: 10 })).items.length, 1)
  }
  assert.equal((await keep.store.listAdminActions({ limit: 10 })).items.length, 1)
  const left = (await audit.store.listAdminActions({ limit: 10 })).items
  assert.deepEqual(
    left.map(({ action, detail }) => [action, detail.actionsThrough]),
    [['record.retain', 1]],
  )
})
