import { createHash } from 'node:crypto'
import type { Manifest } from './manifest.ts'

/** One file on its way into a backup. */
export interface BackupFile {
  /** As in the data directory, with `/`. */
  readonly path: string
  readonly size: number
  readonly read: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** When and by what a backup is made. */
export type BackupAbout = Omit<Manifest, 'files'>

/** The plain bytes of a backup: its manifest, its files, and the SHA-256 of each, known only when it was read. */
export async function* toBackupBytes(about: BackupAbout, files: readonly BackupFile[]): AsyncGenerator<Uint8Array> {
  const manifest: Manifest = { ...about, files: files.map(({ path, size }) => ({ path, size })) }
  yield toBlock(manifest)
  const sums: string[] = []
  for (const { path, size, read } of files) {
    const hash = createHash('sha256')
    let length = 0
    for await (const piece of read()) {
      hash.update(piece)
      length += piece.length
      yield piece
    }
    if (length !== size) throw new Error(`\`${path}\` had ${length} bytes and not ${size} when it was read`)
    sums.push(hash.digest('hex'))
  }
  yield toBlock(sums)
}

/** JSON behind its length. */
function toBlock(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json])
}
