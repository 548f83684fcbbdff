import { createCipheriv, createDecipheriv } from 'node:crypto'
import { BackupError } from './backup-error.ts'
import { ByteSource } from './byte-source.ts'

/** Plain bytes of every chunk but the last, which has 1 to this many (or none when there is nothing at all). */
export const CHUNK_BYTES = 65_536
/** Bytes that sealing adds to each chunk. */
export const TAG_BYTES = 16

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const COUNTER_AT = 7 // 32 bits: 2^32 chunks of 64 KiB

interface Place {
  readonly index: number
  readonly isLast: boolean
}

/**
 * Encrypts in chunks, each authenticated with its place and with whether it is the last: the STREAM construction
 * (Hoang, Reyhanitabar, Rogaway, Vizár 2015), in which chunks can be neither left out, exchanged nor cut off.
 * A key seals one stream only, because the nonce is the place.
 */
export async function* seal(plain: AsyncIterable<Uint8Array>, key: Buffer): AsyncGenerator<Buffer> {
  const source = new ByteSource(plain)
  try {
    for (let index = 0; ; index++) {
      const chunk = await source.take(CHUNK_BYTES)
      const isLast = await source.atEnd()
      yield sealChunk(chunk, key, { index, isLast })
      if (isLast) return
    }
  } finally {
    await source.close()
  }
}

/** The plain bytes of what `seal` gave; throws `backup.damaged` before it gives anything that is not authentic. */
export async function* unseal(sealed: ByteSource, key: Buffer): AsyncGenerator<Buffer> {
  for (let index = 0; ; index++) {
    const chunk = await sealed.take(CHUNK_BYTES + TAG_BYTES)
    const isLast = await sealed.atEnd()
    yield openChunk(chunk, key, { index, isLast })
    if (isLast) return
  }
}

function sealChunk(chunk: Buffer, key: Buffer, place: Place): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(place), { authTagLength: TAG_BYTES })
  return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
}

function openChunk(chunk: Buffer, key: Buffer, place: Place): Buffer {
  const plain = decrypt(chunk, key, place)
  if (plain !== null) return plain
  if (decrypt(chunk, key, { ...place, isLast: !place.isLast }) === null) {
    const where = place.isLast ? 'at its end: it is incomplete, or was changed there' : `in chunk ${place.index}`
    throw new BackupError('backup.damaged', `the backup is damaged ${where}; take an older one`)
  }
  const what = place.isLast ? 'it ends too early: the rest of it is missing' : 'something stands behind its end'
  throw new BackupError('backup.damaged', `the backup is damaged: ${what}`)
}

/** Null when it is not authentic at this place. */
function decrypt(chunk: Buffer, key: Buffer, place: Place): Buffer | null {
  if (chunk.length < TAG_BYTES) return null
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(place), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES))
  const plain = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES))
  try {
    decipher.final()
    return plain
  } catch {
    return null // the one thing that it says is that the tag does not fit
  }
}

function nonceOf({ index, isLast }: Place): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(index, COUNTER_AT) // throws a RangeError past the last one
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0
  return nonce
}
