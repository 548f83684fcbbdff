import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openBackups } from '../../../src/app/backup.ts'
import { openDataDirectory } from '../../../src/app/data-directory.ts'
import { restoreBackup } from '../../../src/app/restore.ts'
import { HEADER_BYTES } from '../../../src/backup/header.ts'
import { CHUNK_BYTES, TAG_BYTES } from '../../../src/backup/seal.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { collect, PASSPHRASE } from '../../support/backup.ts'
import { aDenial, anAuthority } from '../../support/entries.ts'
import { anIntent, aToken, NOW, testStore } from '../../support/store.ts'

const LATER = NOW + 3_600_000
const clock = { now: () => LATER, monotonic: () => 0 }

/** A data directory with a record, two keys and a certificate in it. */
async function aService(t: TestContext, token: string | null = null) {
  const folder = await mkdtemp(join(tmpdir(), 'alcazar-backup-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const directory = await openDataDirectory(join(folder, 'data'))
  const { store } = await testStore(t, { file: directory.database })
  await store.saveAuthorities({ authorities: [anAuthority()], bundleSequence: 5, actor: 'a', action: 'x', at: NOW })
  await writeFile(join(directory.keys, 'aa.key'), 'KEY A', { mode: 0o600 })
  await writeFile(join(directory.keys, 'bb.key.new'), 'unfinished', { mode: 0o600 })
  await writeFile(join(directory.authorities, 'aa.crt'), 'CERTIFICATE A', { mode: 0o644 })
  await writeFile(directory.bundle, 'BUNDLE', { mode: 0o644 })
  const about = { holdKeys: () => () => {}, trustDomain: 'cluster.local', token, version: '0.1.0', log: silentLog }
  const random = (size: number) => randomBytes(size)
  const backup = openBackups({ store, directory, clock: { ...clock, now: () => NOW }, random, ...about })
  const take = async () => {
    const file = join(folder, 'one.backup')
    await writeFile(file, await collect(await backup({ passphrase: PASSPHRASE, actor: 'root' })))
    return file
  }
  const issue = (count: number) => Promise.all(Array.from({ length: count }, () => store.recordIntent(anIntent())))
  const restore = (file: string, change: object = {}) =>
    restoreBackup({ file, passphrase: PASSPHRASE, data: join(folder, 'restored'), previous: null, clock, ...change })
  return { folder, directory, store, backup, take, issue, restore }
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('restore: all files, for their owner alone, and the record as it was at the backup', async (t) => {
  const { folder, take, issue, restore } = await aService(t)
  await issue(300)
  const file = await take()
  await issue(10)
  const { record, backup } = await restore(file)
  const data = join(folder, 'restored')
  assert.deepEqual((await readdir(data)).sort(), ['alcazar.db', 'authorities', 'bundle.pem', 'keys'])
  assert.deepEqual(await readdir(join(data, 'keys')), ['aa.key'])
  assert.equal(await readFile(join(data, 'keys', 'aa.key'), 'utf8'), 'KEY A')
  const modes = ['', 'keys', 'alcazar.db', 'keys/aa.key', 'authorities/aa.crt'].map((name) => modeOf(join(data, name)))
  assert.deepEqual(await Promise.all(modes), ['700', '700', '600', '600', '644'])
  assert.equal(backup.createdAt, NOW)
  assert.equal(record.carriedOver, null)
  const { store } = await testStore(t, { file: join(data, 'alcazar.db') })
  assert.deepEqual(await store.loadRestoration(), { backupAt: NOW, at: LATER, isComplete: false })
  assert.equal((await store.listIssued({ limit: 1000 })).items.length, 300)
  assert.ok((await store.loadAuthorities()).bundleSequence > 1000)
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'one.backup', 'restored'])
})

test('restore: a backup tells of the token that has the keys', async (t) => {
  const [files, token] = [await aService(t), await aService(t, 'alcazar')]
  assert.equal((await files.restore(await files.take())).backup.token, undefined)
  assert.equal((await token.restore(await token.take())).backup.token, 'alcazar')
})

test('restore: into an empty directory, and never into one that is not', async (t) => {
  const { folder, take, restore } = await aService(t)
  const file = await take()
  const data = join(folder, 'restored')
  await mkdir(data, { mode: 0o755 })
  await writeFile(join(data, 'precious'), 'x')
  await assert.rejects(restore(file), { code: 'restore.not_empty' })
  assert.deepEqual(await readdir(data), ['precious'])
  await rm(join(data, 'precious'))
  await restore(file)
  assert.equal(await modeOf(data), '700')
  assert.ok((await readdir(data)).includes('alcazar.db'))
  assert.ok(!(await readdir(data)).some((name) => name.startsWith('.restore')))
})

test('restore: join tokens of the backup are over, as they may have been used since', async (t) => {
  const { folder, store, take, restore } = await aService(t)
  const token = aToken({ expiresAt: LATER / 1000 + 600 })
  await store.createToken(token)
  const { record } = await restore(await take())
  assert.equal(record.endedTokens, 1)
  const restored = await testStore(t, { file: join(folder, 'restored', 'alcazar.db') })
  assert.equal((await restored.store.findTokenByHash(token.hash))?.revoked, true)
})

test('restore: what the record in use until now knows since the backup (hostile 108)', async (t) => {
  const { folder, directory, store, take, issue, restore } = await aService(t)
  await issue(20)
  const file = await take()
  const ids = await issue(700)
  for (const id of ids.slice(0, 5)) store.recordResult(id, 'issued')
  await store.addDenied(aDenial('spiffe://cluster.local/ns/default/sa/stolen'))
  const times = { notAfter: LATER / 1000 + 60, revokedAt: NOW / 1000 }
  const revocation = { serial: 'ab'.repeat(16), authority: 'a'.repeat(40), ...times, reason: 'keyCompromise' } as const
  await store.revoke({ revocations: [revocation], now: NOW })
  await store.saveAuthorities({
    authorities: [{ ...anAuthority(), state: 'tainted' }],
    bundleSequence: 2000,
    actor: 'a',
    action: 'x',
    at: NOW,
  })
  await assert.rejects(restore(file, { previous: directory.root }), { code: 'store.locked' })
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'one.backup'])
  const wanted = (await store.listIssued({ limit: 1000 })).items
  await store.close()
  const { record } = await restore(file, { previous: directory.root })
  assert.equal(record.carriedOver?.certificates, 700)
  assert.deepEqual(
    record.carriedOver.authorities.map(({ earlier, restored }) => [earlier, restored]),
    [['tainted', 'active']],
  )
  const restored = await testStore(t, { file: join(folder, 'restored', 'alcazar.db') })
  assert.deepEqual((await restored.store.listIssued({ limit: 1000 })).items, wanted)
  assert.equal((await restored.store.loadDenied()).length, 1)
  assert.deepEqual(await restored.store.loadRevoked(), [{ ...revocation, number: 1 }])
  assert.ok((await restored.store.loadAuthorities()).bundleSequence > 2000)
  assert.equal((await restored.store.loadRestoration())?.isComplete, true)
})

test('restore: a record that does not continue that of the backup', async (t) => {
  const { take, restore, issue } = await aService(t)
  await issue(3)
  const file = await take()
  const other = await aService(t)
  await other.issue(5)
  await other.store.close()
  await assert.rejects(restore(file, { previous: other.directory.database }), { code: 'restore.unrelated' })
})

test('restore: damage anywhere, and nothing is left behind', async (t) => {
  const { folder, issue, take, restore } = await aService(t)
  await issue(600)
  const file = await take()
  const whole = await readFile(file)
  const sealedChunk = CHUNK_BYTES + TAG_BYTES
  const chunks = Math.ceil((whole.length - HEADER_BYTES) / sealedChunk)
  assert.ok(chunks > 3, `${chunks} chunks`)
  const cut = Array.from({ length: chunks }, (_, index) => whole.subarray(0, HEADER_BYTES + index * sealedChunk))
  const flips = [20, 60, 100, HEADER_BYTES + 1, HEADER_BYTES + sealedChunk + 5, whole.length - 1].map((at) => {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  })
  for (const bytes of [...cut, ...flips]) {
    await writeFile(file, bytes)
    await assert.rejects(restore(file), { code: 'backup.damaged' })
  }
  await writeFile(file, whole)
  await assert.rejects(restore(file, { passphrase: 'something else' }), { code: 'backup.passphrase_wrong' })
  await assert.rejects(restore(join(folder, 'nowhere')), { code: 'ENOENT' })
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'one.backup'])
})

test('backup: one at a time; a stream that is given up frees the next, one that was interrupted has no end', async (t) => {
  const { backup, take, store, restore, folder } = await aService(t)
  const request = { passphrase: PASSPHRASE, actor: 'root' }
  const first = await backup(request)
  await assert.rejects(backup(request), { code: 'backup.running' })
  first.destroy()
  await new Promise((resolve) => first.once('close', resolve))
  await restore(await take())
  const last = await backup(request)
  await store.close()
  await assert.rejects(collect(last))
  assert.ok((await readdir(folder)).includes('restored'))
})
