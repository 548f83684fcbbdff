import assert from 'node:assert/strict'
import { test } from 'node:test'
import Sqlite, { type Database } from 'better-sqlite3'
import type { Intent } from '../../src/ca/record.ts'
import { toColumns } from '../../src/store/intent-columns.ts'
import { migrate, readMigrations } from '../../src/store/migrations.ts'
import { openRecordDatabase, type RecordDatabase } from '../../src/store/record-database.ts'
import fc from '../support/fast-check.ts'
import { anIntent, NOW } from '../support/store.ts'

const LAP_ROWS = 150
const DAY = 86_400_000
const RETENTION = { issuedSeconds: 0, auditSeconds: null }

/** A group of that many intents, the last one with a serial of before; a restart; or retention of what is old. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('group' as const), size: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('duplicate' as const), size: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'retain' as const }) },
)

/** Closes nothing: a connection that goes away loses its TEMP tables, as a process that is killed does. */
function reopen(db: Database): { db: Database; record: RecordDatabase } {
  const next = new Sqlite(db.serialize())
  migrate(next, readMigrations())
  db.close()
  return { db: next, record: openRecordDatabase(next, RETENTION, LAP_ROWS) }
}

function write(record: RecordDatabase, intents: readonly Intent[]) {
  return record.writeGroup({ kind: 'group', now: NOW, intents: toColumns(intents), results: new Float64Array() })
}

/** Long stretches expire long before the others, of five identities, at times that also go back. */
function someIntents(size: number, from: number): Intent[] {
  return Array.from({ length: size }, (_, i) => {
    const n = from + i
    const issuedAt = NOW + (n % 7) * 1000
    const identity = `spiffe://cluster.local/ns/default/sa/${n % 5}`
    return anIntent({ issuedAt, identity, notAfter: issuedAt / 1000 + (n % 200 < 150 ? 3600 : 10 * 86_400) })
  })
}

test('wherever a row is indexed, it is found by serial and identity and its serial is never recorded again', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      let { db, record } = reopen(new Sqlite(':memory:'))
      let kept: Intent[] = []
      let made = 0
      for (const next of steps) {
        if (next.do === 'restart') ({ db, record } = reopen(db))
        else if (next.do === 'retain') {
          const now = NOW + DAY
          while (!record.calls.retain(now).done) {}
          const first = kept.findIndex((intent) => intent.notAfter >= now / 1000) // a row keeps those behind it
          kept = first === -1 ? [] : kept.slice(first)
        } else {
          const fresh = someIntents(next.size, made)
          const again = next.do === 'duplicate' ? kept.slice(0, 1) : []
          const { refused } = write(record, [...again, ...fresh])
          assert.deepEqual(
            refused.map(({ index }) => index),
            again.map((_, index) => index),
          )
          kept.push(...fresh)
          made += next.size
        }
        checkLists(record, kept)
      }
      db.close()
    }),
    { numRuns: 40 },
  )
})

function checkLists(record: RecordDatabase, kept: readonly Intent[]): void {
  const identities = Map.groupBy(kept, (intent) => intent.identity)
  for (const [identity, intents] of identities) {
    const { items } = record.calls.listIssued({ identity, limit: 1000 })
    const newestFirst = intents.toReversed().toSorted((a, b) => b.issuedAt - a.issuedAt)
    assert.deepEqual(
      items.map((row) => row.serial),
      newestFirst.map(({ serial }) => serial.toString('hex')),
    )
  }
  for (const { serial } of kept) {
    assert.equal(record.calls.listIssued({ serial: serial.toString('hex'), limit: 1 }).items.length, 1)
  }
  assert.equal(record.calls.listIssued({ limit: 1000 }).items.length, kept.length)
}
