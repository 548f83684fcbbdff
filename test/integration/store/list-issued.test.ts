import assert from 'node:assert/strict'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'
import type { IssuedQuery } from '../../../src/ca/record.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { IndexTail } from '../../../src/store/index-tail.ts'
import { ISSUED_SQL } from '../../../src/store/issued-reader.ts'
import { readMigrations } from '../../../src/store/migrations.ts'
import { jwtAuthority } from '../../support/jwt-world.ts'
import { anIntent, databaseFile, NOW, testStore } from '../../support/store.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const API = 'spiffe://cluster.local/ns/default/sa/api'

/** Serial n is `000…0n`; issued a second apart, web and api in turn; 5 after a clock that went back. */
const intents = [1, 2, 3, 4, 5, 6].map((n) =>
  anIntent({
    serial: Buffer.from(n.toString(16).padStart(32, '0'), 'hex'),
    identity: n % 2 === 1 ? WEB : API,
    issuedAt: n === 5 ? NOW + 2500 : NOW + n * 1000,
  }),
)
const hex = (n: number) => n.toString(16).padStart(32, '0')

const cases: readonly (readonly [string, Partial<IssuedQuery>, readonly number[]])[] = [
  ['everything, newest first', {}, [6, 4, 3, 5, 2, 1]],
  ['one identity', { identity: WEB }, [3, 5, 1]],
  ['an identity that has none', { identity: 'spiffe://cluster.local/ns/default/sa/nobody' }, []],
  ['one serial', { serial: hex(4) }, [4]],
  ['a serial that was not issued', { serial: hex(9) }, []],
  ['a serial that is none', { serial: '4' }, []],
  ['since, inclusive', { since: NOW + 3000 }, [6, 4, 3]],
  ['until, inclusive', { until: NOW + 2500 }, [5, 2, 1]],
  ['since and until', { since: NOW + 2000, until: NOW + 3000 }, [3, 5, 2]],
  ['identity, since and until', { identity: WEB, since: NOW + 2000, until: NOW + 2999 }, [5]],
  ['serial of another identity', { serial: hex(4), identity: WEB }, []],
  ['serial out of the time', { serial: hex(4), until: NOW + 3999 }, []],
]

test('lists of the record', async (t) => {
  const { store } = await testStore(t)
  for (const intent of intents) await store.recordIntent(intent)
  for (const [what, query, want] of cases) {
    for (const limit of [1, 2, 3, 1000]) {
      await t.test(`${what}, ${limit} a page`, async () => {
        const got: string[] = []
        let after: string | undefined
        do {
          const page = await store.listIssued({ ...query, limit, ...(after === undefined ? {} : { after }) })
          assert.ok(page.items.length <= limit)
          got.push(...page.items.map((row) => row.serial))
          after = page.next ?? undefined
        } while (after !== undefined)
        assert.deepEqual(got, want.map(hex))
      })
    }
  }
  for (const query of [{ limit: 0 }, { limit: 1001 }, { limit: 1, after: 'x' }]) {
    await assert.rejects(store.listIssued(query), { code: 'request.malformed' })
  }
})

test('a row is listed as it was recorded', async (t) => {
  const { store } = await testStore(t)
  const { serial, spkiSha256, csrSha256, ...same } = anIntent({ attestor: 'admin', subject: 'ünï', peer: 'local' })
  store.recordResult(await store.recordIntent({ serial, spkiSha256, csrSha256, ...same }), 'issued')
  const [row] = (await store.listIssued({ limit: 1 })).items
  assert.deepEqual(row, {
    ...same,
    kind: 'certificate',
    serial: serial.toString('hex'),
    spkiSha256: spkiSha256.toString('hex'),
    csrSha256: csrSha256.toString('hex'),
    outcome: 'issued',
  })
})

test('what a JWT key signed is listed as a JWT', async (t) => {
  const { store } = await testStore(t)
  const { authority } = await jwtAuthority()
  const change = { authorities: [authority], bundleSequence: 2, actor: 'a', action: 'authority.prepare', at: NOW }
  await store.saveAuthorities(change)
  await store.recordIntent(anIntent({ authority: authority.id }))
  assert.equal((await store.listIssued({ limit: 1 })).items[0]?.kind, 'jwt')
})

test('no list walks over rows that it leaves out, or sorts them', async (t) => {
  const db = openDatabase(await databaseFile(t), readMigrations())
  t.after(() => db.close())
  new IndexTail(db, 10)
  for (const [kind, sql] of Object.entries(ISSUED_SQL)) {
    const marks = sql.split('?').length - 1
    const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...Array(marks).fill(1))
    const steps = plan.map(({ detail }) => detail)
    assert.ok(steps.length > 3)
    const bad = steps.filter((step) => /TEMP B-TREE|SCAN (?!i$|k$|\(subquery)/.test(step))
    assert.deepEqual(bad, [], `${kind}: ${steps.join(' / ')}`)
  }
})

test('the plan test would see a scan', () => {
  const db = new Sqlite(':memory:')
  db.exec('CREATE TABLE a (x)')
  const [step] = db.prepare<[], { detail: string }>('EXPLAIN QUERY PLAN SELECT * FROM a WHERE x = 1').all()
  assert.match(step?.detail ?? '', /^SCAN a$/)
})
