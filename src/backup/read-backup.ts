import { createHash } from 'node:crypto'
import { BackupError } from './backup-error.ts'
import { ByteSource } from './byte-source.ts'
import { HEADER_BYTES, openHeader } from './header.ts'
import { type Manifest, parseManifest, parseSums } from './manifest.ts'
import { CHUNK_BYTES, unseal } from './seal.ts'

/** Takes one file of a backup, to its last byte; it must believe nothing of it until `readBackup` has ended well. */
export type TakeFile = (path: string, bytes: AsyncIterable<Buffer>) => Promise<void>

const MAX_BLOCK_BYTES = 4 * 1024 * 1024

/** Reads a whole backup, however large, in little memory; throws `backup.*` unless every byte of it is right. */
export async function readBackup(
  sealed: AsyncIterable<Uint8Array>,
  passphrase: string,
  take: TakeFile,
): Promise<Manifest> {
  const source = new ByteSource(sealed)
  try {
    const key = await openHeader(await source.take(HEADER_BYTES), passphrase)
    return await readContents(new ByteSource(unseal(source, key)), take)
  } finally {
    await source.close()
  }
}

/** The same for what is plain already. */
export async function readContents(plain: ByteSource, take: TakeFile): Promise<Manifest> {
  const manifest = parseManifest(await takeBlock(plain))
  const sums: string[] = []
  for (const { path, size } of manifest.files) {
    const hash = createHash('sha256')
    const seen = { length: 0 }
    await take(path, counted(plain.pieces(size, CHUNK_BYTES), hash, seen))
    if (seen.length !== size) throw cutShort()
    sums.push(hash.digest('hex'))
  }
  const wanted = parseSums(await takeBlock(plain))
  const wrong = manifest.files.findIndex((_file, index) => sums[index] !== wanted[index])
  if (wrong !== -1) {
    throw new BackupError(
      'backup.damaged',
      `\`${manifest.files[wrong]?.path}\` in the backup is not what was backed up`,
    )
  }
  if (wanted.length !== sums.length || !(await plain.atEnd())) throw cutShort()
  return manifest
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
  seen: { length: number },
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece)
    seen.length += piece.length
    yield piece
  }
}

async function takeBlock(plain: ByteSource): Promise<string> {
  const prefix = await plain.take(4)
  const length = prefix.length === 4 ? prefix.readUInt32BE() : 0
  if (length === 0 || length > MAX_BLOCK_BYTES) throw cutShort()
  const block = await plain.take(length)
  if (block.length !== length) throw cutShort()
  return block.toString('utf8')
}

function cutShort(): BackupError {
  return new BackupError('backup.damaged', 'the backup is authentic, but its contents do not have the lengths it says')
}
