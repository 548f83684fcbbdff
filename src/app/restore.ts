import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DATABASE, type Manifest } from '../backup/manifest.ts'
import { readBackup } from '../backup/read-backup.ts'
import type { Clock, UnixMillis } from '../kernel/clock.ts'
import { copyEarlierRecord } from '../store/backup-earlier.ts'
import { completeRestored, type RestoredRecord } from '../store/backup-restored.ts'
import { openStaging, putInPlace, type Staging, stageFile } from './restore-staging.ts'

export interface RestoreRequest {
  readonly file: string
  readonly passphrase: string
  /** Absent or empty; what is restored comes there as a whole or not at all. */
  readonly data: string
  /** The data directory or database that was in use until now; null: it is lost. */
  readonly previous: string | null
  readonly clock: Clock
}

export interface Restored {
  readonly data: string
  readonly restoredAt: UnixMillis
  readonly backup: Manifest
  readonly record: RestoredRecord
}

/**
 * Restores a backup without a server; on any failure nothing is left behind. Throws `backup.*`, `restore.*`, `store.*`
 * and what the file system says.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const data = resolve(request.data)
  const staging = await openStaging(data)
  try {
    const restored = await stageBackup(request, staging)
    await putInPlace(staging, data)
    return { data, ...restored }
  } catch (error) {
    await staging.discard()
    throw error
  }
}

async function stageBackup(request: RestoreRequest, staging: Staging): Promise<Omit<Restored, 'data'>> {
  const { file, passphrase, previous, clock } = request
  const small = new Map<string, Buffer>()
  const database = join(staging.folder, DATABASE)
  const backup = await readBackup(createReadStream(file), passphrase, async (path, bytes) => {
    if (path === DATABASE) await pipeline(bytes, createWriteStream(database, { flags: 'wx', mode: 0o600 }))
    else small.set(path, await collect(bytes))
  })
  const restoredAt = clock.now()
  const scratch = join(staging.folder, 'earlier')
  const earlier = previous === null ? null : copyEarlierRecord(previous, scratch)
  const record = completeRestored(database, { backupAt: backup.createdAt, at: restoredAt }, earlier)
  await rm(scratch, { recursive: true, force: true })
  for (const [path, bytes] of small) await stageFile(staging, path, bytes) // keys are written when all is known to be right
  return { restoredAt, backup, record }
}

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}
