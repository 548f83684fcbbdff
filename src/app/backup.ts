import { Readable } from 'node:stream'
import { newHeader } from '../backup/header.ts'
import { DATABASE } from '../backup/manifest.ts'
import { seal } from '../backup/seal.ts'
import { type BackupFile, toBackupBytes } from '../backup/write-backup.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { Snapshot } from '../store/backup-snapshot.ts'
import type { Store } from '../store/open-store.ts'
import { readDataFiles } from './backup-files.ts'
import type { DataDirectory } from './data-directory.ts'

/** Who wants a backup, and the secret that opens it again. */
export interface BackupRequest {
  readonly passphrase: string
  readonly actor: string
}

export interface BackupDeps {
  readonly store: Pick<Store, 'snapshot' | 'appendAdminAction'>
  readonly directory: DataDirectory
  /** Until the function that it gives is called, no key is destroyed. */
  readonly holdKeys: () => () => void
  readonly trustDomain: string
  /** Label of the PKCS #11 token that keys are made in; null: they are files. */
  readonly token: string | null
  readonly version: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
}

const SALT_BYTES = 32
const BUFFER_BYTES = 262_144

/**
 * Makes backups while the service runs, one at a time (`backup.running`): the stream is sealed, and ends without its
 * last part when what was read is no consistent state, so that what arrived is then no backup.
 */
export function openBackups(deps: BackupDeps): (request: BackupRequest) => Promise<Readable> {
  let isRunning = false
  return async (request) => {
    if (isRunning) throw new AppError('backup.running', 'another backup is being made: wait for its end')
    isRunning = true
    const end = () => {
      isRunning = false
    }
    try {
      return (await startBackup(deps, request)).once('close', end)
    } catch (error) {
      end()
      throw error
    }
  }
}

async function startBackup(deps: BackupDeps, { passphrase, actor }: BackupRequest): Promise<Readable> {
  const { store, trustDomain, token, version, clock, log } = deps
  const { header, key } = await newHeader(passphrase, deps.random(SALT_BYTES))
  const createdAt = clock.now()
  // Before the snapshot, so that the backup tells of itself.
  await store.appendAdminAction({ at: createdAt, actor, action: 'backup.create', target: 'record', detail: {} })
  const { snapshot, files } = await readState(deps)
  try {
    const about = { createdAt, program: version, trustDomain, ...(token === null ? {} : { token }) }
    const plain = toBackupBytes(about, [...files, databaseOf(snapshot)])
    const stream = Readable.from(withHeader(header, seal(plain, key)), {
      objectMode: false,
      highWaterMark: BUFFER_BYTES,
    })
    return stream
      .once('close', () => void snapshot.release().catch((error) => log.error('backup.not_released', { error })))
      .once('end', () => log.info('backup.created', { actor, bytes: snapshot.size }))
      .once('close', () => {
        if (!stream.readableEnded && stream.errored === null) log.warn('backup.abandoned', { actor })
      })
      .once('error', (error) => log.error('backup.failed', { actor, error }))
  } catch (error) {
    await snapshot.release()
    throw error
  }
}

/** The keys behind the snapshot, and none destroyed between: so every authority in it has its own. */
async function readState({ store, directory, log, holdKeys }: BackupDeps) {
  const releaseKeys = holdKeys()
  try {
    const snapshot = await store.snapshot()
    try {
      return { snapshot, files: await readDataFiles(directory, log) }
    } catch (error) {
      await snapshot.release()
      throw error
    }
  } finally {
    releaseKeys()
  }
}

function databaseOf(snapshot: Snapshot): BackupFile {
  return {
    path: DATABASE,
    size: snapshot.size,
    async *read() {
      yield* snapshot.read()
      if (!(await snapshot.release())) {
        throw new AppError('backup.interrupted', 'the database changed while it was read: take the backup again')
      }
    },
  }
}

async function* withHeader(header: Buffer, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header
  yield* sealed
}
