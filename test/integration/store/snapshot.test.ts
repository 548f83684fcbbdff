import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'
import { Checkpoints } from '../../../src/store/backup-checkpoints.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { collect } from '../../support/backup.ts'
import { anIntent, databaseFile, testStore } from '../../support/store.ts'

const countOf = (file: string) => {
  const db = new Sqlite(file, { readonly: true })
  try {
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
    return Number(db.prepare('SELECT count(*) FROM intents').pluck().get())
  } finally {
    db.close()
  }
}

test('snapshot: the record as it was, while rows go on being written', async (t) => {
  const { store, file } = await testStore(t)
  const record = (count: number) => Promise.all(Array.from({ length: count }, () => store.recordIntent(anIntent())))
  await record(500)
  const snapshot = await store.snapshot()
  await record(500)
  const copy = join(dirname(file), 'copy.db')
  await writeFile(copy, await collect(snapshot.read()))
  await record(500)
  assert.equal(await snapshot.release(), true)
  assert.equal(await snapshot.release(), true)
  assert.equal(countOf(copy), 500)
  const next = await store.snapshot()
  await writeFile(copy, await collect(next.read()))
  await next.release()
  assert.equal(countOf(copy), 1500)
})

test('snapshot: one at a time', async (t) => {
  const { store } = await testStore(t)
  const snapshot = await store.snapshot()
  await assert.rejects(store.snapshot(), { code: 'backup.running' })
  await snapshot.release()
  await (await store.snapshot()).release()
})

test('snapshot: the database stays locked against other processes', async (t) => {
  const { store, file } = await testStore(t)
  const snapshot = await store.snapshot()
  await collect(snapshot.read())
  await snapshot.release()
  const code = `const db = new (require('better-sqlite3'))(process.argv[1], { timeout: 50 })
    try { db.prepare('SELECT count(*) FROM intents').get(); console.log('open') } catch (error) { console.log(error.code) }`
  const found = execFileSync(process.execPath, ['-e', code, file], { encoding: 'utf8', cwd: import.meta.dirname })
  assert.match(found, /SQLITE_BUSY/)
})

test('checkpoints: a file that is held too long is let go, and who reads it is told', async (t) => {
  const db = openDatabase(await databaseFile(t), [])
  t.after(() => db.close())
  const checkpoints = new Checkpoints(db, 100)
  const lookAgain = () => {
    for (let i = 0; i < 8; i++) checkpoints.whenLong()
  }
  db.exec('CREATE TABLE t (a)')
  checkpoints.hold(1)
  lookAgain()
  assert.equal(checkpoints.release(1), true)
  assert.equal(checkpoints.release(1), false)
  checkpoints.hold(2)
  for (let i = 0; i < 200; i++) db.prepare('INSERT INTO t VALUES (randomblob(2000))').run()
  lookAgain()
  checkpoints.hold(3)
  assert.equal(checkpoints.release(2), false, 'what another holds meanwhile is not its file')
  assert.equal(checkpoints.release(3), true)
})
