import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Database } from 'better-sqlite3'
import { openDatabase } from '../../../src/store/database.ts'
import { toColumns } from '../../../src/store/intent-columns.ts'
import { readMigrations } from '../../../src/store/migrations.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { toGroupError } from '../../../src/store/sent-error.ts'
import { anIntent, databaseFile, NOW } from '../../support/store.ts'

const KEEP_ALL = { issuedSeconds: null, auditSeconds: null }

async function openRecord(t: TestContext) {
  const db = openDatabase(await databaseFile(t), readMigrations())
  t.after(() => db.close())
  return { db, record: openRecordDatabase(db, KEEP_ALL) }
}

/** As many certificates as need pages that are not there yet. */
function aGroup() {
  const intents = toColumns(Array.from({ length: 200 }, () => anIntent()))
  return { kind: 'group', now: NOW, intents, results: new Float64Array() } as const
}

const failures: readonly (readonly [string, RegExp, (db: Database) => void, (db: Database) => void])[] = [
  [
    'read-only',
    /^SQLITE_READONLY/,
    (db) => void db.pragma('query_only = ON'),
    (db) => void db.pragma('query_only = OFF'),
  ],
  [
    'full',
    /^SQLITE_FULL/,
    (db) => void db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`),
    (db) => void db.pragma('max_page_count = 1000000'),
  ],
]

for (const [what, inner, fail, repair] of failures) {
  test(`hostile 104: a database that is ${what}: nothing of a group is there, and the next one is whole`, async (t) => {
    const { db, record } = await openRecord(t)
    record.writeGroup(aGroup())
    fail(db)
    for (let i = 0; i < 3; i++) {
      assert.throws(
        () => record.writeGroup(aGroup()),
        (error) => {
          const sent = toGroupError(error)
          assert.equal(sent.code, 'issue.not_recorded')
          assert.match(sent.inner ?? '', inner)
          return true
        },
      )
    }
    repair(db)
    assert.deepEqual(record.writeGroup(aGroup()), { firstId: 201, refused: [] })
    const { checked, problem } = record.calls.checkRecord({ log: 'intents', after: null, limit: 1000 })
    assert.deepEqual([checked, problem], [400, null])
  })
}

test('hostile 104: the probe that finds out whether writing works again fails as long as it does not', async (t) => {
  const { db, record } = await openRecord(t)
  db.pragma('query_only = ON')
  assert.throws(() => record.calls.probe(NOW), { code: 'SQLITE_READONLY' })
  db.pragma('query_only = OFF')
  record.calls.probe(NOW)
})
