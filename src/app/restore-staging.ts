import { chmod, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { BackupError } from '../backup/backup-error.ts'
import { DATABASE } from '../backup/manifest.ts'
import { syncFolder } from '../kernel/sync-folder.ts'

/** Where a restored data directory grows until it is whole; mode 0700. */
export interface Staging {
  readonly folder: string
  /** Removes it, with all that is in it, and nothing else. */
  discard(): Promise<void>
}

/**
 * Beside `data` where that is absent, within it where it is empty: it may be a mount point, or its parent not ours to
 * write. Throws `restore.not_empty`.
 */
export async function openStaging(data: string): Promise<Staging> {
  const entries = await readdir(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (entries !== null && entries.length > 0) throw notEmpty(data)
  if (entries === null) await mkdir(dirname(data), { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(entries === null ? `${data}.restore-` : join(data, '.restore-'))
  return { folder, discard: () => rm(folder, { recursive: true, force: true }) }
}

/** Writes one file below the staging folder, synced; certificates are for everybody, all else for its owner alone. */
export async function stageFile(staging: Staging, path: string, bytes: Buffer): Promise<void> {
  const target = join(staging.folder, path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const handle = await open(target, 'wx', /\.(?:crt|pem)$/.test(path) ? 0o644 : 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Gives what is staged its place: by one rename where `data` is absent. Where it is there, the database goes first: a
 * service started on half of it misses its keys and refuses, rather than begin anew.
 */
export async function putInPlace(staging: Staging, data: string): Promise<void> {
  const { folder } = staging
  if (dirname(folder) !== data) {
    await rename(folder, data).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOTEMPTY' || error.code === 'EEXIST' ? notEmpty(data) : error
    })
    return syncFolder(dirname(data))
  }
  if ((await readdir(data)).some((name) => name !== basename(folder))) throw notEmpty(data)
  await chmod(data, 0o700)
  const names = await readdir(folder)
  for (const name of [DATABASE, ...names.filter((one) => one !== DATABASE)])
    await rename(join(folder, name), join(data, name))
  await staging.discard()
  await syncFolder(data)
}

function notEmpty(data: string): BackupError {
  const message = `\`${data}\` is not empty: move what is there away (and give it as --previous), or restore elsewhere`
  return new BackupError('restore.not_empty', message)
}
