import { constants, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { toOpenError } from './database.ts'

const NAME = 'alcazar.db'
const LOCK_WAIT_MS = 250

/**
 * Copies the record that was in use until now, with what its write-ahead log still holds, and gives the copy's path: it
 * is brought to this program's schema, and the original stays as it was found. `path` is the database or the data
 * directory that it lies in. Throws `store.locked` while a service uses it, `store.unusable` when it is no database.
 */
export function copyEarlierRecord(path: string, folder: string): string {
  const file = statSync(path).isDirectory() ? join(path, NAME) : path
  refuseInUse(file)
  mkdirSync(folder, { mode: 0o700 })
  const copy = join(folder, NAME)
  copyFileSync(file, copy, constants.COPYFILE_FICLONE)
  if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE)
  return copy
}

function refuseInUse(file: string): void {
  try {
    const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: LOCK_WAIT_MS })
    try {
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
    } finally {
      db.close()
    }
  } catch (error) {
    throw toOpenError(file, error)
  }
}
