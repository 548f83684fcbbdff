import { chmodSync, closeSync, openSync } from 'node:fs'
import Sqlite, { type Database } from 'better-sqlite3'
import { type Migration, migrate } from './migrations.ts'
import { StoreOpenError } from './open-error.ts'

const LOCK_WAIT_MS = 250
const CACHE_KIB = 24_576
const WAL_KEPT_BYTES = 16 * 1024 * 1024

/** Opens (and creates, mode 0600) the database for this process alone, durable at every commit, schema up to date. */
export function openDatabase(file: string, migrations: readonly Migration[]): Database {
  try {
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600) // SQLite gives its -wal file the mode of the database
    return setUp(new Sqlite(file, { timeout: LOCK_WAIT_MS }), migrations)
  } catch (error) {
    throw toOpenError(file, error)
  }
}

function setUp(db: Database, migrations: readonly Migration[]): Database {
  try {
    db.pragma('locking_mode = EXCLUSIVE') // before the first read: the lock is then held until close
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL') // a commit is on the disk when it returns
    db.pragma('foreign_keys = ON')
    db.pragma('temp_store = MEMORY')
    db.pragma('wal_autocheckpoint = 0') // the worker does it between groups
    db.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`)
    db.pragma(`cache_size = -${CACHE_KIB}`)
    migrate(db, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** What SQLite says when it cannot open `file`, as `StoreOpenError`. */
export function toOpenError(file: string, error: unknown): unknown {
  if (error instanceof StoreOpenError || error instanceof TypeError) return error
  if (isSqliteError(error) && error.code.startsWith('SQLITE_BUSY')) {
    return new StoreOpenError('store.locked', `\`${file}\` is in use by another process: stop that one first`, error)
  }
  const text = error instanceof Error ? error.message : String(error)
  return new StoreOpenError('store.unusable', `\`${file}\` cannot be opened: ${text}`, error)
}

/** True for what SQLite itself reports (full, I/O, constraint …), false for bugs. */
export function isSqliteError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Sqlite.SqliteError
}
