import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import Sqlite from 'better-sqlite3'
import { anIntent, databaseFile, testStore } from '../../support/store.ts'

const CHILD = join(import.meta.dirname, '../../support/store-child.ts')

/** Runs the recording child until it has said `wanted` serials, kills it without warning, and gives what it said. */
async function recordUntilKilled(t: TestContext, file: string, wanted: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, file, '8'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const serials: string[] = []
  for await (const line of createInterface(child.stdout)) {
    const [word, serial = ''] = line.split(' ')
    assert.equal(word, 'recorded')
    serials.push(serial)
    if (serials.length === wanted) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return serials
}

test('hostile 105: after kill -9 every recorded intent is there, its outcome unknown or issued, and can be listed', async (t) => {
  const file = await databaseFile(t)
  const serials = [...(await recordUntilKilled(t, file, 40)), ...(await recordUntilKilled(t, file, 40))]
  const { store } = await testStore(t, { file })
  for (const serial of serials) {
    const { items } = await store.listIssued({ serial, limit: 1 })
    assert.equal(items[0]?.serial, serial)
    assert.equal(items[0].outcome, 'unknown')
  }
})

test('a second opener of the same database is refused', async (t) => {
  const { file } = await testStore(t)
  await assert.rejects(testStore(t, { file }), { name: 'StoreOpenError', code: 'store.locked' })
})

test('a database of a newer program is refused and left alone', async (t) => {
  const { file, store } = await testStore(t)
  await store.close()
  const db = new Sqlite(file)
  db.pragma('user_version = 999')
  db.close()
  await assert.rejects(testStore(t, { file }), { name: 'StoreOpenError', code: 'store.newer' })
})

test('a file that is no database is refused', async (t) => {
  await assert.rejects(testStore(t, { file: import.meta.dirname }), { name: 'StoreOpenError', code: 'store.unusable' })
})

test('the database and its log can be read by the owner alone', async (t) => {
  const { file, store } = await testStore(t)
  await store.recordIntent(anIntent())
  for (const name of [file, `${file}-wal`]) assert.equal((await stat(name)).mode & 0o777, 0o600)
})

test('what is queued at the close is written, and a second close is nothing', async (t) => {
  const { file, store } = await testStore(t)
  const intents = Array.from({ length: 50 }, () => anIntent())
  const recorded = Promise.all(
    intents.map(async (intent) => store.recordResult(await store.recordIntent(intent), 'issued')),
  )
  await Promise.all([store.close(), store.close(), recorded])
  await assert.rejects(store.recordIntent(anIntent()), { code: 'issue.not_recorded' })
  const { items } = await (await testStore(t, { file })).store.listIssued({ limit: 100 })
  assert.deepEqual(
    new Set(items.map((row) => row.serial)),
    new Set(intents.map(({ serial }) => serial.toString('hex'))),
  )
  assert.ok(items.every((row) => row.outcome === 'issued'))
})
