import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ByteSource } from '../../../src/backup/byte-source.ts'
import { HEADER_BYTES, newHeader, openHeader } from '../../../src/backup/header.ts'
import { isBackedUp } from '../../../src/backup/manifest.ts'
import { readBackup, readContents } from '../../../src/backup/read-backup.ts'
import { type BackupFile, toBackupBytes } from '../../../src/backup/write-backup.ts'
import { ABOUT, aBackup, aFile, collect, FILES, inPieces, PASSPHRASE } from '../../support/backup.ts'

const { header, sealed } = await aBackup()
const whole = Buffer.concat([header, sealed])
const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function read(bytes: Buffer, passphrase = PASSPHRASE) {
  const sums = new Map<string, string>()
  const manifest = await readBackup(inPieces(bytes, 50_000), passphrase, async (path, pieces) => {
    sums.set(path, sumOf(await collect(pieces)))
  })
  return { manifest, sums }
}

async function readPlain(about: unknown, files: readonly BackupFile[], change = (bytes: Buffer) => bytes) {
  const bytes = change(await collect(toBackupBytes({ ...ABOUT, ...Object(about) }, files)))
  return readContents(new ByteSource(inPieces(bytes, 9_999)), async (_path, pieces) => void (await collect(pieces)))
}

test('backup: every file comes back as it was, with when and by what it was made', async () => {
  const { manifest, sums } = await read(whole)
  const want = await Promise.all(
    FILES.map(async ({ path, read: bytes }) => [path, sumOf(await collect(toStream(bytes())))]),
  )
  assert.deepEqual([...sums], want)
  assert.deepEqual(manifest, { ...ABOUT, files: FILES.map(({ path, size }) => ({ path, size })) })
})

async function* toStream(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield* pieces
}

test('backup: another passphrase is told from damage', async () => {
  await assert.rejects(read(whole, 'correct horse batterz'), { code: 'backup.passphrase_wrong' })
  await assert.rejects(read(whole, ''), { code: 'backup.passphrase_wrong' })
})

test('backup: a passphrase is the same however its letters are composed', async () => {
  const made = await newHeader('pass\u00e9phrase', randomBytes(32))
  assert.ok((await openHeader(made.header, 'passe\u0301phrase')).equals(made.key))
})

test('backup: any byte of the header that changes', async () => {
  for (let at = 0; at < HEADER_BYTES; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 0x40
    const code = at < 8 ? 'backup.unknown_format' : at < 12 ? 'backup.newer' : 'backup.damaged'
    await assert.rejects(read(bytes), { code }, `byte ${at}`)
  }
})

test('backup: cut off anywhere in the header', async () => {
  for (const length of [0, 7]) await assert.rejects(read(whole.subarray(0, length)), { code: 'backup.unknown_format' })
  for (const length of [8, HEADER_BYTES - 1]) {
    await assert.rejects(read(whole.subarray(0, length)), { code: 'backup.damaged' })
  }
})

const others: readonly (readonly [string, unknown, readonly BackupFile[]])[] = [
  ['a path that leads elsewhere', {}, [...FILES, aFile('keys/../../x', Buffer.from('x'))]],
  ['an absolute path', {}, [...FILES, aFile('/etc/passwd', Buffer.from('x'))]],
  ['a file twice', {}, [...FILES, aFile('server.crt', Buffer.from('x'))]],
  ['no database', {}, FILES.slice(0, 2)],
  ['a field that we do not know', { more: 1 }, FILES],
]
for (const [name, about, files] of others) {
  test(`backup: ${name} is refused`, async () => {
    await assert.rejects(readPlain(about, files), { code: 'backup.damaged' })
  })
}

test('backup: contents that are shorter, longer or others than the list says', async () => {
  await readPlain({}, FILES)
  await assert.rejects(
    readPlain({}, FILES, (bytes) => bytes.subarray(0, bytes.length - 1)),
    { code: 'backup.damaged' },
  )
  await assert.rejects(
    readPlain({}, FILES, (bytes) => Buffer.concat([bytes, Buffer.from('x')])),
    { code: 'backup.damaged' },
  )
  await assert.rejects(readPlain({}, FILES, changed), { code: 'backup.damaged' })
})

/** A byte in the middle of the database. */
function changed(bytes: Buffer): Buffer {
  const at = bytes.length >> 1
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

test('backup: a file that has another length when it is read ends the backup', async () => {
  const grown: BackupFile = { path: 'alcazar.db', size: 10, read: () => [randomBytes(11)] }
  await assert.rejects(collect(toBackupBytes(ABOUT, [grown])), /11 bytes/)
})

for (const [path, want] of [
  ['alcazar.db', true],
  ['keys/ab12.key', true],
  ['authorities/ab12.crt', true],
  ['bundle.pem', true],
  ['keys/.hidden', false],
  ['keys/a/b', false],
  ['keys/', false],
  ['keys/a\n', false],
  ['admin.sock', false],
] as const) {
  test(`backup: ${JSON.stringify(path)} ${want ? 'belongs' : 'does not belong'} into it`, () => {
    assert.equal(isBackedUp(path), want)
  })
}
