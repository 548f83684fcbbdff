import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { testAuthorities } from '../../support/authority.ts'
import { type FakeApi, openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'
import { exportOf, someRows } from '../../support/record.ts'
import { NOW } from '../../support/store.ts'

const { root, intermediate } = await testAuthorities('ec-p256', NOW)
const signer = { signer: intermediate.signer, chain: [intermediate.authority.certificate] }
const rows = someRows(4)
const first = await exportOf(rows.slice(0, 6), signer)
const second = await exportOf(rows.slice(6), signer, { from: first.head })

async function run(words: readonly string[], api: Pick<FakeApi, 'socket'>) {
  const io = fakeIo()
  const exit = await runCommandLine([...words, '--server', api.socket], io)
  return { exit, out: io.out(), err: io.err() }
}

async function ask(words: readonly string[], reply: (seen: Seen) => Reply) {
  await using api = await openFakeApi(reply)
  return { ...(await run(words, api)), urls: api.seen.map(({ url }) => url) }
}

/** A directory with `bundle.pem` beside the socket, and these exports. */
async function openFiles(files: Readonly<Record<string, readonly string[]>>, bundle = root.authority.certificate) {
  const api = await openFakeApi(() => ({ status: 500 }))
  await writeFile(join(api.directory, 'bundle.pem'), bundle)
  for (const [name, lines] of Object.entries(files)) {
    await writeFile(join(api.directory, name), lines.map((line) => `${line}\n`).join(''))
  }
  return { api, path: (name: string) => join(api.directory, name) }
}

test('list shows what strangers wrote without what would steer a terminal (hostile 102)', async () => {
  const item = {
    sequence: 1,
    at: '2026-11-21T02:00:00.000Z',
    actor: 'a\u001b[31m\nforged line',
    action: 'cert.revoke',
    target: 't\u202e',
    detail: { reason: 'x\r\n' },
    previousHash: '0'.repeat(64),
    hash: 'f'.repeat(64),
  }
  const { exit, out, urls } = await ask(['audit', 'list', '--since', '2h', '--after', '3', '--limit', '5'], () => {
    return { body: { items: [item], next: null } }
  })
  assert.equal(exit, 0)
  assert.deepEqual(urls, ['/v1/audit?since=2026-11-21T01%3A00%3A00.000Z&limit=5&after=3'])
  assert.equal(out.split('\n').length, 3)
  assert.deepEqual([out.includes('\u001b'), out.includes('\u202e')], [false, false])
})

test('verify asks part by part and says that the record is whole', async () => {
  const { exit, out, urls } = await ask(['audit', 'verify', '--output', 'json'], ({ url }) => {
    return { body: { checked: 5, problem: null, next: url.includes('after') ? null : 'results' } }
  })
  assert.deepEqual([exit, JSON.parse(out)], [0, { ok: true, checked: 10, problem: null }])
  assert.deepEqual(urls, ['/v1/audit/verification', '/v1/audit/verification?after=results'])
})

test('verify names the row that does not fit and exits 1', async () => {
  const problem = { log: 'intents', sequence: 3, reason: 'changed', message: 'row 3 of intents does not fit' }
  const { exit, out } = await ask(['audit', 'verify'], () => ({ body: { checked: 2, problem, next: null } }))
  assert.equal(exit, 1)
  assert.match(out, /NOT WHOLE: row 3 of intents/)
})

test('export prints what the server sends, line by line', async () => {
  const text = first.lines.join('\n')
  const { exit, out } = await ask(['audit', 'export'], () => ({
    text,
    headers: { 'content-type': 'application/jsonl' },
  }))
  assert.deepEqual([exit, out], [0, text])
})

test('exports are verified without a server, against the bundle beside its socket or --cacert', async () => {
  const { api, path } = await openFiles({ a: first.lines, b: second.lines })
  await using _api = api
  const { exit, out } = await run(['audit', 'verify', path('a'), path('b'), '--output', 'json'], api)
  assert.equal(exit, 0)
  const { ok, files } = JSON.parse(out)
  assert.deepEqual([ok, files.map(({ rows }: { rows: number }) => rows)], [true, [6, 6]])
  assert.match(files[0].signer, /CN=Alcazar intermediate/)
  const named = await run(['audit', 'verify', path('a'), '--cacert', path('bundle.pem')], { socket: '/nowhere' })
  assert.match(named.out, /^whole: /)
})

test('the file, the line and the row that does not fit are named (hostile 106)', async () => {
  const flipped = second.lines.with(1, second.lines[1]?.replace('"outcome":1', '"outcome":2') ?? '')
  const { api, path } = await openFiles({ a: first.lines, b: flipped, c: first.lines.slice(0, 3), d: second.lines })
  await using _api = api
  const b = await run(['audit', 'verify', path('a'), path('b'), '--output', 'json'], api)
  assert.equal(b.exit, 1)
  const { problem } = JSON.parse(b.out)
  assert.deepEqual([problem.file, problem.line, problem.problem.sequence], [path('b'), 2, 3])
  const c = await run(['audit', 'verify', path('c')], api)
  assert.deepEqual([c.exit, /c:3: the head is missing/.test(c.out)], [1, true])
  const back = await run(['audit', 'verify', path('d'), path('a')], api)
  assert.deepEqual([back.exit, /row 3 of intents is missing/.test(back.out)], [1, true])
})

test('exports of another authority are refused, and so are roots that are none', async () => {
  const other = await testAuthorities('ec-p256', NOW)
  const { api, path } = await openFiles({ a: first.lines }, other.root.authority.certificate)
  await using _api = api
  const refused = await run(['audit', 'verify', path('a')], api)
  assert.deepEqual([refused.exit, /root that is trusted here/.test(refused.out)], [1, true])
  const noRoots = await run(['audit', 'verify', path('a'), '--cacert', path('a'), '--output', 'json'], api)
  assert.equal(JSON.parse(noRoots.err).error.code, 'file.unreadable')
  const noFile = await run(['audit', 'verify', path('nothing')], api)
  assert.match(noFile.err, /there is no such file/)
})

test('a line that never ends is not read into memory', async () => {
  const { api, path } = await openFiles({ a: ['x'.repeat(3_000_000)] })
  await using _api = api
  const { exit, err } = await run(['audit', 'verify', path('a')], api)
  assert.deepEqual([exit, /line of over/.test(err)], [1, true])
})
