import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import Sqlite from 'better-sqlite3'
import { exportRecord } from '../../../src/audit/export-record.ts'
import { ExportVerifier } from '../../../src/audit/export-verifier.ts'
import { MalformedExport } from '../../../src/audit/malformed-export.ts'
import { LOGS } from '../../../src/audit/row.ts'
import { verifyRecord } from '../../../src/audit/verify-record.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Chains } from '../../../src/store/chains.ts'
import { migrate, readMigrations } from '../../../src/store/migrations.ts'
import { openStore, type Store } from '../../../src/store/open-store.ts'
import { RecordAudit } from '../../../src/store/record-audit.ts'
import { testAuthorities } from '../../support/authority.ts'
import { FakeClock } from '../../support/fakes.ts'
import { anIntent, databaseFile, NOW, testStore } from '../../support/store.ts'

const DAY = 86_400_000
const { root, intermediate } = await testAuthorities('ec-p256', NOW)
const signer = () => ({ signer: intermediate.signer, chain: [intermediate.authority.certificate] })

function action(target: string, at = NOW) {
  return { at, actor: 'local', action: 'token.create', target, detail: { uses: 1, note: 'a\nb' } }
}

/** Ten intents with their results, one by one and together, and five actions. */
async function fill(store: Store, clock: FakeClock): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const id = await store.recordIntent(anIntent({ issuedAt: clock.now() }))
    store.recordResult(id, i === 2 ? 'failed' : 'issued')
    await store.appendAdminAction(action(`t${i}`, clock.now()))
    await store.listIssued({ limit: 1 }) // its result is written, in a group of its own
    clock.advance(1000)
  }
  const ids = await Promise.all(
    Array.from({ length: 5 }, () => store.recordIntent(anIntent({ issuedAt: clock.now() }))),
  )
  for (const id of ids) store.recordResult(id, 'issued')
  await store.listIssued({ limit: 1 })
}

/** What verification says of the whole record: the rows that fit, and the place of the first that does not. */
async function verify(store: Store) {
  const { checked, problem, next } = await verifyRecord(store, null)
  assert.equal(next, null)
  return { checked, problem: problem === null ? null : [problem.log, problem.sequence, problem.reason] }
}

async function exported(store: Store, clock: FakeClock, since: number | null = null): Promise<string[]> {
  const deps = { store, signer, trustDomain: 'cluster.local', clock }
  let text = ''
  for await (const lines of await exportRecord(deps, since)) text += lines
  return text.trimEnd().split('\n')
}

function verifyLines(lines: readonly string[], earlier: ReturnType<ExportVerifier['end']>['head'] | null = null) {
  const verifier = new ExportVerifier({ roots: [new X509Certificate(root.authority.certificate)], earlier })
  for (const line of lines) verifier.take(line)
  return verifier.end()
}

/** Verification without the rest of the store, which would not open over a damaged page. */
function withAudit(db: Sqlite.Database) {
  const audit = new RecordAudit(db, new Chains(db))
  return { checkRecord: async (request: Parameters<RecordAudit['check']>[0]) => audit.check(request) }
}

/** A closed database of `fill` that `change` was done to, opened again. */
async function tampered(t: TestContext, change: string): Promise<{ store: Store; clock: FakeClock }> {
  const { store, clock, file } = await testStore(t)
  await fill(store, clock)
  await store.close()
  const db = new Sqlite(file)
  db.exec(change)
  db.close()
  return { store: (await testStore(t, { file, clock })).store, clock }
}

test('the whole record fits: while it is written, after a restart, and after a process that was killed', async (t) => {
  const { store, clock, file } = await testStore(t)
  assert.deepEqual(await verify(store), { checked: 0, problem: null })
  await fill(store, clock)
  const issuing = Promise.all(Array.from({ length: 700 }, () => store.recordIntent(anIntent())))
  assert.equal((await verify(store)).problem, null)
  await issuing
  assert.equal((await verify(store)).problem, null)
  await store.close()
  const again = await testStore(t, { file, clock })
  await again.store.recordIntent(anIntent())
  assert.deepEqual((await verify(again.store)).problem, null)
})

const CHANGES: readonly (readonly [change: string, place: readonly [string, number, string]])[] = [
  ["UPDATE intents SET subject = 'somebody else' WHERE id = 4", ['intents', 4, 'changed']],
  ['UPDATE intents SET serial = zeroblob(16) WHERE id = 1', ['intents', 1, 'changed']],
  ['UPDATE intents SET not_after = not_after | 4 WHERE id = 7', ['intents', 7, 'changed']],
  ['UPDATE intents SET hash = zeroblob(32) WHERE id = 6', ['intents', 6, 'changed']],
  ['UPDATE intents SET hash = NULL WHERE id = 6', ['intents', 6, 'changed']],
  ["UPDATE identities SET text = text || 'x'", ['intents', 1, 'changed']],
  ['DELETE FROM intents WHERE id = 3', ['intents', 3, 'missing']],
  ['DELETE FROM intents WHERE id < 3', ['intents', 1, 'missing']],
  ['DELETE FROM intents WHERE id > 8', ['intents', 9, 'missing']],
  ['DELETE FROM intents', ['intents', 1, 'missing']],
  ['UPDATE intents SET id = 20 WHERE id = 10', ['intents', 10, 'missing']],
  ["UPDATE chains SET head_hash = zeroblob(32) WHERE log = 'intents'", ['intents', 10, 'changed']],
  ['UPDATE results SET outcome = 1 WHERE outcome = 2', ['results', 3, 'changed']],
  ['DELETE FROM results WHERE sequence = 6', ['results', 6, 'missing']],
  ["UPDATE admin_actions SET actor = 'somebody' WHERE sequence = 2", ['actions', 2, 'changed']],
  ["UPDATE admin_actions SET detail = '{}' WHERE sequence = 5", ['actions', 5, 'changed']],
  ['DELETE FROM admin_actions WHERE sequence = 1', ['actions', 1, 'missing']],
]
for (const [change, place] of CHANGES) {
  test(`the first row that does not fit is named: ${change}`, async (t) => {
    const { store, clock } = await tampered(t, change)
    assert.deepEqual((await verify(store)).problem, place)
    await store.recordIntent(anIntent()) // it goes on issuing, and the fault stays (hostile 106)
    await store.appendAdminAction(action('later'))
    assert.deepEqual((await verify(store)).problem, place)
    if (!change.includes('chains')) {
      const lines = await exported(store, clock)
      assert.throws(() => verifyLines(lines), MalformedExport)
    }
  })
}

test('a bit that flipped in the file is named by its row (hostile 106)', async (t) => {
  const { store, clock, file } = await testStore(t)
  for (const subject of ['first', 'second-of-three', 'third']) await store.recordIntent(anIntent({ subject }))
  await store.close()
  const bytes = await readFile(file)
  const at = bytes.indexOf('second-of-three')
  assert.ok(at > 0)
  bytes[at + 3] = (bytes[at + 3] ?? 0) ^ 0x80 // no UTF-8 any more
  await writeFile(file, bytes)
  const again = await testStore(t, { file, clock })
  assert.deepEqual((await verify(again.store)).problem, ['intents', 2, 'changed'])
})

test('a page that SQLite cannot read is named by the row that was to come', async (t) => {
  const { store, file } = await testStore(t)
  const subject = (i: number) => (i === 300 ? 'the 300th' : 'another')
  await Promise.all(Array.from({ length: 400 }, (_, i) => store.recordIntent(anIntent({ subject: subject(i) }))))
  await store.close()
  const bytes = await readFile(file)
  const page = Math.floor(bytes.indexOf('the 300th') / 4096)
  bytes.fill(0xff, page * 4096, (page + 1) * 4096)
  await writeFile(file, bytes)
  const db = new Sqlite(file)
  const { problem } = await verifyRecord(withAudit(db), null)
  db.close()
  assert.deepEqual([problem?.log, problem?.reason], ['intents', 'unreadable'])
  assert.ok((problem?.sequence ?? 0) > 250 && (problem?.sequence ?? 0) <= 301)
})

test('rows that retention removed are not missed, and the record says up to where they went', async (t) => {
  const { store, clock, file } = await testStore(t, { retention: { issuedSeconds: 60, auditSeconds: 60 } })
  await fill(store, clock)
  const before = await exported(store, clock)
  clock.advance(DAY)
  const young = await store.recordIntent(anIntent({ issuedAt: clock.now(), notAfter: clock.now() / 1000 + 60 }))
  store.recordResult(young, 'issued')
  await store.listIssued({ limit: 1 })
  await store.retain()
  assert.deepEqual(await verify(store), { checked: 3, problem: null })
  const [told] = await store.listActions({ after: 0, since: null, limit: 10 })
  assert.deepEqual([told?.sequence, told?.action, told?.detail.intentsThrough], [6, 'record.retain', 10])
  assert.equal(told?.previousHash, told?.detail.actionsHash)
  const whole = verifyLines(before)
  assert.equal(verifyLines(await exported(store, clock), whole.head).rows, 3)
  await store.close()
  const db = new Sqlite(file)
  db.exec('DELETE FROM admin_actions')
  db.close()
  const again = await testStore(t, { file, clock })
  assert.deepEqual((await verify(again.store)).problem, ['actions', 6, 'missing'])
})

test('it is told once a day at most where the record begins', async (t) => {
  const { store, clock } = await testStore(t, { retention: { issuedSeconds: 0, auditSeconds: null } })
  const counts: number[] = []
  for (let i = 0; i < 4; i++) {
    await store.recordIntent(anIntent({ notAfter: clock.now() / 1000 - 1 }))
    clock.advance(DAY / 2)
    await store.retain()
    counts.push((await store.listActions({ after: 0, since: null, limit: 10 })).length)
  }
  assert.deepEqual(counts, [1, 1, 2, 2])
})

test('actions are listed oldest first, each with the hash of the one before', async (t) => {
  const { store, clock } = await testStore(t)
  await fill(store, clock)
  const all = await store.listActions({ after: 0, since: null, limit: 100 })
  assert.deepEqual(
    all.map(({ sequence, target }) => [sequence, target]),
    [1, 2, 3, 4, 5].map((n) => [n, `t${n - 1}`]),
  )
  assert.deepEqual(
    all.slice(1).map(({ previousHash }) => previousHash),
    all.slice(0, -1).map(({ hash }) => hash),
  )
  assert.equal(all[0]?.previousHash, '0'.repeat(64))
  assert.deepEqual(await store.listActions({ after: 2, since: null, limit: 1 }), [all[2]])
  assert.deepEqual(await store.listActions({ after: 0, since: NOW + 3000, limit: 10 }), all.slice(3))
  await assert.rejects(store.listActions({ after: 0, since: null, limit: 0 }), { code: 'request.malformed' })
})

test('an export holds every row up to its head, and one since a time goes on where another ended', async (t) => {
  const { store, clock } = await testStore(t)
  await fill(store, clock)
  const first = verifyLines(await exported(store, clock))
  assert.deepEqual([first.rows, LOGS.map((log) => first.head.logs[log].to.sequence)], [21, [10, 6, 5]])
  clock.advance(DAY)
  await fill(store, clock)
  const since = verifyLines(await exported(store, clock, clock.now() - 10_000), first.head)
  assert.deepEqual([since.rows, since.head.logs.intents.from.sequence], [21, 10])
  assert.equal(verifyLines(await exported(store, clock, clock.now() + 1)).rows, 0)
  assert.equal(verifyLines(await exported(store, clock), since.head).rows, 42)
})

test('an export that retention overtakes ends with an error, not with a head', async (t) => {
  const { store, clock } = await testStore(t, { retention: { issuedSeconds: 0, auditSeconds: null } })
  await Promise.all(Array.from({ length: 600 }, () => store.recordIntent(anIntent())))
  const lines = (await exportRecord({ store, signer, trustDomain: 'cluster.local', clock }, null))[
    Symbol.asyncIterator
  ]()
  await lines.next()
  clock.advance(DAY)
  await store.retain()
  await assert.rejects(async () => lines.next(), { code: 'resource.conflict' })
})

test('a record of before the chains is chained from a marked beginning', async (t) => {
  const file = await databaseFile(t)
  const db = new Sqlite(file)
  migrate(db, readMigrations().slice(0, 3))
  db.exec(`INSERT INTO identities VALUES (1, 'spiffe://cluster.local/ns/default/sa/web');
    INSERT INTO signers VALUES (1, 'a');
    WITH RECURSIVE row (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM row WHERE n < 2500) INSERT INTO intents
    SELECT n, randomblob(16), 1, ${NOW / 1000}, ${NOW / 1000 + 60}, ${NOW}, 'jwt', 's', 1, randomblob(32), randomblob(32),
      'local', 1 FROM row WHERE n % 100 > 1;
    INSERT INTO results VALUES (50, 2500, 1), (2, 49, 2);
    INSERT INTO admin_actions VALUES (3, ${NOW}, 'local', 'token.create', 't', '{}')`)
  db.close()
  const store = await openStore({
    file,
    queue: () => null,
    retention: { issuedSeconds: null, auditSeconds: null },
    clock: new FakeClock(NOW),
    log: silentLog,
  })
  t.after(() => store.close())
  const [, mark] = await store.listActions({ after: 0, since: null, limit: 10 })
  assert.deepEqual(mark?.detail, { intents: 2450, results: 2, actions: 1 })
  assert.equal(mark?.action, 'record.chain')
  await store.recordIntent(anIntent())
  assert.deepEqual(await verify(store), { checked: 2455, problem: null })
})

test('a verification goes on where it stopped, and refuses a cursor that it did not give', async (t) => {
  const { store } = await testStore(t)
  await fill(store, new FakeClock(NOW))
  const half = await store.checkRecord({ log: 'intents', after: null, limit: 4 })
  assert.deepEqual([half.checked, half.last.sequence, half.isDone], [4, 4, false])
  const rest = await verifyRecord(store, `intents.4.${half.last.hash}`)
  assert.deepEqual([rest.checked, rest.problem], [17, null])
  assert.equal((await verifyRecord(store, `intents.4.${'0'.repeat(64)}`)).problem?.sequence, 5)
  assert.equal((await verifyRecord(store, 'actions')).checked, 5)
  for (const cursor of ['', 'others', 'intents.4', 'intents.4.zz', `intents.-1.${'0'.repeat(64)}`]) {
    await assert.rejects(verifyRecord(store, cursor), { code: 'request.malformed' })
  }
})
