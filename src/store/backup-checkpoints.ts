import type { Database } from 'better-sqlite3'
import { AppError } from '../kernel/errors.ts'

/** A checkpoint of this many pages takes a few milliseconds; a longer one would be felt by the groups behind it. */
const CHECKPOINT_PAGES = 500
const LOOK_EVERY = 8
/** 128 MiB of write-ahead log: what a backup may keep from being moved while it reads the database file. */
const HELD_PAGES = 32_768

/** The database file, complete and unchanging for as long as it is held. */
export interface HeldFile {
  /** Bytes. */
  readonly size: number
}

/**
 * When the write-ahead log is moved into the database file. Nothing else changes that file, and no other process can
 * (locking_mode EXCLUSIVE), so without checkpoints it stays what it is while transactions go on in the log.
 */
export class Checkpoints {
  readonly #db: Database
  readonly #walPages
  readonly #heldPages: number
  #looks = 0
  /** Who the file is held for; null: nobody. */
  #holder: number | null = null

  constructor(db: Database, heldPages = HELD_PAGES) {
    this.#db = db
    this.#heldPages = heldPages
    this.#walPages = db.prepare<[], { log: number }>('PRAGMA wal_checkpoint(NOOP)')
  }

  /** Moves the log when it has grown; after a reply, so that nobody waits for it. A hold that lasts too long ends. */
  whenLong(): void {
    this.#looks = (this.#looks + 1) % LOOK_EVERY
    if (this.#looks !== 0) return
    const pages = this.#walPages.get()?.log ?? 0
    if (pages >= this.#heldPages) this.#holder = null
    if (this.#holder === null && pages >= CHECKPOINT_PAGES) this.#db.pragma('wal_checkpoint(PASSIVE)')
  }

  /** Everything committed is moved into the file, which then stays as it is; `backup.running` when it is held. */
  hold(holder: number): HeldFile {
    if (this.#holder !== null) throw new AppError('backup.running', 'another backup is being made: wait for its end')
    const busy: unknown = this.#db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })
    if (busy !== 0) throw new Error('the write-ahead log could not be moved into the database file')
    this.#holder = holder
    const numberOf = (name: string) => Number(this.#db.pragma(name, { simple: true }))
    return { size: numberOf('page_count') * numberOf('page_size') }
  }

  /** Whether the file was held for this one up to now; what another holds stays held. */
  release(holder: number): boolean {
    if (this.#holder !== holder) return false
    this.#holder = null
    return true
  }
}
