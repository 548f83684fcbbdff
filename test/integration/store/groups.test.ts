import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import type { GroupTiming } from '../../../src/store/group-queue.ts'
import { anIntent, databaseFile, testStore } from '../../support/store.ts'

test('hostile 46: intents that arrive together share a transaction and get ids of their own', async (t) => {
  const groups: GroupTiming[] = []
  const { store } = await testStore(t, { onGroup: (group) => groups.push(group) })
  const ids = await Promise.all(Array.from({ length: 400 }, () => store.recordIntent(anIntent())))
  assert.equal(new Set(ids).size, 400)
  assert.ok(groups.length <= 2, `${groups.length} groups`)
  assert.equal(store.depth, 0)
})

test('a serial is recorded once: in one group, in a later one, after a restart', async (t) => {
  const file = await databaseFile(t)
  const first = await testStore(t, { file })
  const serial = anIntent().serial
  const together = await Promise.allSettled([
    first.store.recordIntent(anIntent()),
    first.store.recordIntent(anIntent({ serial })),
    first.store.recordIntent(anIntent({ serial })),
    first.store.recordIntent(anIntent()),
  ])
  assert.deepEqual(
    together.map((outcome) => outcome.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  await assert.rejects(first.store.recordIntent(anIntent({ serial })), { code: 'issue.not_recorded' })
  await first.store.close()
  const second = await testStore(t, { file })
  await assert.rejects(second.store.recordIntent(anIntent({ serial })), { code: 'issue.not_recorded' })
  assert.equal((await second.store.listIssued({ limit: 10 })).items.length, 3)
})

test('more intents than the bound are refused, results are not', async (t) => {
  let queue = 10
  const { store } = await testStore(t, { queue: () => queue })
  const outcomes = await Promise.allSettled(Array.from({ length: 15 }, () => store.recordIntent(anIntent())))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    Array(5).fill('limit.queue'),
  )
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') store.recordResult(outcome.value, 'issued')
  await store.recordIntent(anIntent())

  queue = 20 // as a reload does it
  await Promise.all(Array.from({ length: 15 }, () => store.recordIntent(anIntent())))
})

test('a result is written without another intent, within a moment', async (t) => {
  const { store } = await testStore(t)
  const [a, b, c] = [anIntent(), anIntent(), anIntent()]
  const ids = await Promise.all([a, b, c].map((intent) => store.recordIntent(intent)))
  store.recordResult(ids[0] ?? 0, 'issued')
  store.recordResult(ids[2] ?? 0, 'failed')
  const waited = Date.now()
  while (store.depth > 0 && Date.now() - waited < 2000) await sleep(5)
  assert.equal(store.depth, 0)
  const outcomes = new Map((await store.listIssued({ limit: 10 })).items.map((row) => [row.serial, row.outcome]))
  assert.deepEqual(
    [a, b, c].map(({ serial }) => outcomes.get(serial.toString('hex'))),
    ['issued', 'unknown', 'failed'],
  )
})

test('a list asked for right after a result shows it', async (t) => {
  const { store } = await testStore(t)
  store.recordResult(await store.recordIntent(anIntent()), 'issued')
  assert.equal((await store.listIssued({ limit: 1 })).items[0]?.outcome, 'issued')
})

test('when the worker dies what waits is refused, health is red, and it comes back', async (t) => {
  const file = await databaseFile(t)
  const started = once(process, 'worker')
  const { store } = await testStore(t, { file })
  const [worker]: Worker[] = await started
  const id = await store.recordIntent(anIntent())
  const waiting = assert.rejects(store.recordIntent(anIntent()), { code: 'issue.not_recorded' })
  store.recordResult(id, 'issued')
  await worker?.terminate()
  await waiting
  assert.equal(store.healthy().ok, false)
  await assert.rejects(store.recordIntent(anIntent()), { code: 'issue.not_recorded' })
  const waited = Date.now()
  while (!store.healthy().ok && Date.now() - waited < 5000) await sleep(10)
  assert.deepEqual(store.healthy(), { ok: true, reason: null })
  await store.recordIntent(anIntent())
  assert.ok((await store.listIssued({ limit: 10 })).items.some((row) => row.outcome === 'issued'))
})

test('a worker that dies before it has closed the database keeps nobody from ending', async (t) => {
  const file = await databaseFile(t)
  const started = once(process, 'worker')
  const { store } = await testStore(t, { file })
  const [worker]: Worker[] = await started
  const intent = anIntent()
  await store.recordIntent(intent)
  const gone = worker?.terminate()
  await store.close()
  await gone
  const again = await testStore(t, { file })
  const { items } = await again.store.listIssued({ serial: intent.serial.toString('hex'), limit: 1 })
  assert.equal(items.length, 1)
})
