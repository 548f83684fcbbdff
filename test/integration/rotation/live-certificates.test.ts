import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LiveCertificates } from '../../../src/ca/rotation/measures.ts'
import type { Store } from '../../../src/store/open-store.ts'
import { anIntent, NOW, testStore } from '../../support/store.ts'

const NOW_SECONDS = NOW / 1000
const OTHER = 'f'.repeat(40)

/** Records certificates that expire so many seconds after `NOW`; gives their serials. */
async function record(store: Store, lives: readonly number[], change = {}): Promise<readonly string[]> {
  const intents = lives.map((life) => anIntent({ notAfter: NOW_SECONDS + life, ...change }))
  await Promise.all(intents.map((intent) => store.recordIntent(intent)))
  return intents.map(({ serial }) => serial.toString('hex'))
}

async function count(store: Store, after: number): Promise<readonly (readonly [string, number, number, number])[]> {
  const live = await store.countLive(NOW_SECONDS + after)
  const row = (one: LiveCertificates) =>
    [one.signer.slice(0, 1), one.sequence, one.certificates, one.latestExpiry - NOW_SECONDS] as const
  return live.map(row).sort(([a, b], [c, d]) => a.localeCompare(c) || b - d)
}

test('live certificates are counted by signer and bundle, without those that have expired', async (t) => {
  const { store } = await testStore(t)
  await record(store, [10, 20, 30])
  await record(store, [40], { bundleSequence: 2 })
  await record(store, [50, 60], { authority: OTHER })
  const all = [
    ['0', 1, 3, 30],
    ['0', 2, 1, 40],
    ['f', 1, 2, 60],
  ]
  assert.deepEqual(await count(store, 0), all)
  assert.deepEqual(await count(store, 20), [['0', 1, 1, 30], ...all.slice(1)])
  assert.deepEqual(await count(store, 60), [])
})

test('what had expired is live again when the clock was set back', async (t) => {
  const { store } = await testStore(t)
  await record(store, [10, 20])
  assert.deepEqual(await count(store, 86_400), [])
  assert.deepEqual(await count(store, 0), [['0', 1, 2, 20]])
})

test('a report moves a certificate to a newer bundle and never back', async (t) => {
  const { store } = await testStore(t)
  const [first = '', second = ''] = await record(store, [10, 20])
  const notAfter = NOW_SECONDS + 20
  await store.reportBundles([{ serial: first, sequence: 3, notAfter }])
  await store.reportBundles([
    { serial: first, sequence: 2, notAfter },
    { serial: second, sequence: 0, notAfter },
    { serial: '0'.repeat(32), sequence: 9, notAfter },
  ])
  const want = [
    ['0', 1, 1, 20],
    ['0', 3, 1, 10],
  ]
  assert.deepEqual(await count(store, 0), want)
})

test('reports and certificates outlast a restart', async (t) => {
  const { store, file } = await testStore(t)
  const [serial = ''] = await record(store, [10])
  await store.reportBundles([{ serial, sequence: 3, notAfter: NOW_SECONDS + 10 }])
  await store.close()
  const { store: again } = await testStore(t, { file })
  assert.deepEqual(await count(again, 0), [['0', 3, 1, 10]])
})

const MANY = 120_000

test(`${MANY} certificates are counted in several steps, and the expired ones no more`, async (t) => {
  const { store } = await testStore(t, { queue: () => null })
  await recordMany(store, t)
  assert.equal(total(await store.countLive(NOW_SECONDS)), MANY)
  assert.equal(total(await store.countLive(NOW_SECONDS + 10)), MANY / 2)
  assert.equal(total(await store.countLive(NOW_SECONDS + 10)), MANY / 2)
  assert.equal(total(await store.countLive(NOW_SECONDS + 20)), 0)
  await record(store, [30])
  assert.equal(total(await store.countLive(NOW_SECONDS + 20)), 1)
})

/** The first half lives for ten seconds, the second for twenty. */
async function recordMany(store: Store, t: TestContext): Promise<void> {
  const begun = performance.now()
  for (let done = 0; done < MANY; done += 10_000) {
    await record(
      store,
      Array.from({ length: 10_000 }, () => (done < MANY / 2 ? 10 : 20)),
    )
  }
  t.diagnostic(`recorded in ${Math.round(performance.now() - begun)} ms`)
}

function total(live: readonly LiveCertificates[]): number {
  return live.reduce((sum, { certificates }) => sum + certificates, 0)
}
