import { randomBytes } from 'node:crypto'
import { newHeader } from '../../src/backup/header.ts'
import { DATABASE } from '../../src/backup/manifest.ts'
import { CHUNK_BYTES, seal } from '../../src/backup/seal.ts'
import { type BackupFile, toBackupBytes } from '../../src/backup/write-backup.ts'

export const PASSPHRASE = 'correct horse battery'

/** Everything that comes, as one Buffer. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

/** Bytes in pieces of `size`. */
export async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** A file of a backup. */
export function aFile(path: string, bytes: Buffer): BackupFile {
  return { path, size: bytes.length, read: () => [bytes] }
}

/** A database of a few chunks and two small files. */
export const FILES: readonly BackupFile[] = [
  aFile('keys/0123.key', Buffer.from('KEY')),
  aFile('server.crt', Buffer.from('CERTIFICATE')),
  aFile(DATABASE, randomBytes(3 * CHUNK_BYTES + 7)),
]

export const ABOUT = { createdAt: 1_795_230_000_000, program: '0.1.0', trustDomain: 'cluster.local' }

/** A whole backup of `files`. */
export async function aBackup(
  files = FILES,
): Promise<{ readonly header: Buffer; readonly sealed: Buffer; readonly key: Buffer }> {
  const { header, key } = await newHeader(PASSPHRASE, randomBytes(32))
  return { header, key, sealed: await collect(seal(toBackupBytes(ABOUT, files), key)) }
}
