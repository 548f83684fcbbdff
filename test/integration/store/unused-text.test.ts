import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Intent } from '../../../src/ca/record.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { toColumns } from '../../../src/store/intent-columns.ts'
import { readMigrations } from '../../../src/store/migrations.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { anIntent, databaseFile, NOW } from '../../support/store.ts'

const SECONDS = NOW / 1000
const DAY = 86_400_000
const identity = (n: number) => `spiffe://cluster.local/ns/default/sa/web-${n}`
const authority = (n: number) => n.toString(16).padStart(40, '0')

async function openRecord(t: TestContext, lapRows?: number) {
  const db = openDatabase(await databaseFile(t), readMigrations())
  t.after(() => db.close())
  const record = openRecordDatabase(db, { issuedSeconds: 60, auditSeconds: null }, lapRows)
  const texts = (table: string) => db.prepare(`SELECT text FROM ${table} ORDER BY id`).pluck().all()
  const write = (...changes: readonly Partial<Intent>[]) => {
    const intents = toColumns(changes.map(anIntent))
    record.writeGroup({ kind: 'group', now: NOW, intents, results: new Float64Array() })
  }
  const retain = (now: number) => {
    while (!record.calls.retain(now).done);
  }
  return { record, texts, write, retain }
}

for (const lapRows of [1, 65_536]) {
  test(`an identity goes with its last row, wherever its index is (laps of ${lapRows})`, async (t) => {
    const { record, texts, write, retain } = await openRecord(t, lapRows)
    const ended = { notAfter: SECONDS + 10 }
    const many = Array.from({ length: 500 }, (_, n) => ({ identity: identity(n), ...ended }))
    write(...many, { identity: identity(1) }, { identity: identity(1000) })
    retain(NOW)
    assert.equal(texts('identities').length, 501)
    retain(NOW + 120_000)
    assert.deepEqual(texts('identities'), [identity(1), identity(1000)])
    write({ identity: identity(7) }) // its number was in the writer's memory
    const { items } = record.calls.listIssued({ identity: identity(7), limit: 10 })
    assert.equal(items.length, 1)
    assert.equal(record.calls.checkRecord({ log: 'intents', after: null, limit: 1000 }).problem, null)
  })
}

const signed = (n: number) => ({ authority: authority(n), notAfter: SECONDS + 10 })

test('signers that no row names go once there are many, at most once a day', async (t) => {
  const { record, texts, write, retain } = await openRecord(t)
  write(...Array.from({ length: 64 }, (_, n) => signed(n)))
  retain(NOW + 120_000)
  assert.equal(texts('signers').length, 64) // few
  write(signed(64), { authority: authority(63) })
  retain(NOW + 120_000)
  assert.deepEqual(texts('signers'), [authority(63)])
  write(...Array.from({ length: 70 }, (_, n) => signed(n)))
  retain(NOW + DAY) // everything has gone
  assert.equal(texts('signers').length, 70)
  retain(NOW + 120_000 + DAY)
  assert.deepEqual(texts('signers'), [])
  write({ authority: authority(3) }) // its number was in the writer's memory
  assert.equal(record.calls.listIssued({ limit: 1 }).items[0]?.authority, authority(3))
})

test('the record is walked in steps, and what is written meanwhile keeps its signer', async (t) => {
  const { record, texts, write } = await openRecord(t)
  write(...Array.from({ length: 65 }, (_, n) => signed(n)))
  for (let n = 0; n < 41; n++) write(...Array.from({ length: 500 }, () => ({ authority: authority(100) })))
  assert.equal(record.calls.retain(NOW + 120_000).done, false)
  write({ authority: authority(7) })
  assert.equal(record.calls.retain(NOW + 120_000).done, true)
  assert.deepEqual(texts('signers'), [authority(7), authority(100)])
})
