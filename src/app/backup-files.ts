import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { isBackedUp, MAX_SMALL_BYTES } from '../backup/manifest.ts'
import type { BackupFile } from '../backup/write-backup.ts'
import type { Log } from '../kernel/log.ts'
import type { DataDirectory } from './data-directory.ts'

const MAX_FILES = 9_000

/**
 * The small files of a backup, in memory: keys, certificates, what the service serves with. Files that the service does
 * not write itself are left out and told of; more than belong into a data directory end the backup.
 */
export async function readDataFiles(directory: DataDirectory, log: Log): Promise<readonly BackupFile[]> {
  const listed = await Promise.all([directory.keys, directory.authorities].map(listFiles))
  const single = [directory.bundle, directory.serverCertificate, directory.serverKey]
  const files: BackupFile[] = []
  let total = 0
  for (const path of [...listed.flat(), ...single].slice(0, MAX_FILES + 1)) {
    const name = nameOf(directory, path)
    if (name === null) {
      log.warn('backup.file_left_out', { path })
      continue
    }
    const bytes = await readIfThere(path)
    if (bytes === null) continue
    files.push({ path: name, size: bytes.length, read: () => [bytes] })
    total += bytes.length
    if (total > MAX_SMALL_BYTES) throw new Error(`the keys and certificates have more than ${MAX_SMALL_BYTES} bytes`)
  }
  if (files.length > MAX_FILES) throw new Error(`there are more than ${MAX_FILES} files to back up`)
  return files
}

/** Not those that are still being written (`writeFileAtomically`). */
async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.new'))
    .map(({ name }) => join(folder, name))
}

function nameOf(directory: DataDirectory, path: string): string | null {
  const name = relative(directory.root, path)
  return !isAbsolute(name) && isBackedUp(name) ? name : null
}

/** Null for one that was removed meanwhile, or is not there yet. */
async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    const { size } = await stat(path)
    if (size > MAX_SMALL_BYTES) throw new Error(`\`${path}\` has ${size} bytes: it is no file of ours`)
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
