import type { Database } from 'better-sqlite3'
import type { IntentId } from '../ca/record.ts'
import { type RunKey, SortedRun } from './sorted-run.ts'

/** A lap starts when this many rows are indexed in memory only: enough that several share each page they go to. */
export const LAP_ROWS = 65_536
/** A lap moves faster than rows arrive: four for each, of two indices. */
const MOVES_PER_ROW = 4
const MIN_MOVES = 64

const TAIL_TABLES = `
  CREATE TEMP TABLE tail_by_serial (serial BLOB PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TEMP TABLE tail_by_identity (
    identity INTEGER NOT NULL, issued_at INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (identity, issued_at, id)
  ) STRICT, WITHOUT ROWID;`

/** `run` 0 moves serials, 1 identities, from key `at` on; `began` is the highest id at the start of the lap. */
interface Lap {
  readonly run: number
  readonly at: RunKey | null
  readonly began: IntentId
}

/** Where the indices are; replaced as a whole, so that a rolled back transaction takes its moves with it. */
interface Position {
  readonly through: IntentId
  readonly lap: Lap | null
}

/**
 * The two sorted indices of the record. New rows go into TEMP tables in memory; once enough are there they are merged
 * into the tables on disk in key order, a few with every group. A row is in exactly one of the two, and everything up
 * to `record_state.indexed_through` is on disk, so that a start reads back only the rows behind it.
 */
export class IndexTail {
  readonly #lapRows: number
  readonly #runs: readonly SortedRun[]
  readonly #addSerials
  readonly #addIdentities
  readonly #saveThrough
  #position: Position
  #committed: Position

  constructor(db: Database, lapRows: number) {
    this.#lapRows = lapRows
    db.exec(TAIL_TABLES)
    const through = Number(db.prepare('SELECT indexed_through FROM record_state').pluck().get())
    loadTail(db, through)
    this.#position = { through, lap: null }
    this.#committed = this.#position
    this.#runs = [serialRun(db), identityRun(db)]
    this.#addSerials = db.prepare(
      `INSERT OR IGNORE INTO tail_by_serial SELECT serial, id FROM intents AS new WHERE id BETWEEN ? AND ?
       AND NOT EXISTS (SELECT 1 FROM intents_by_serial AS old WHERE old.serial = new.serial)`,
    )
    this.#addIdentities = db.prepare(
      'INSERT INTO tail_by_identity SELECT identity, issued_at, id FROM intents WHERE id BETWEEN ? AND ?',
    )
    this.#saveThrough = db.prepare('UPDATE record_state SET indexed_through = ?')
  }

  /** Indexes the rows of a group; false when a serial of it is taken, and then the transaction must not be committed. */
  add(first: IntentId, last: IntentId): boolean {
    if (this.#addSerials.run(first, last).changes !== last - first + 1) return false
    this.#addIdentities.run(first, last)
    return true
  }

  /** Carries the running lap on, or starts one when the tail is long; part of the group's transaction. */
  move(newest: IntentId, added: number): void {
    const { through, lap } = this.#position
    if (lap === null && newest - through < this.#lapRows) return
    const { run, at, began } = lap ?? { run: 0, at: null, began: newest }
    const reached = this.#runs[run]?.move(at, Math.max(MIN_MOVES, added * MOVES_PER_ROW)) ?? null
    if (reached !== null) this.#position = { through, lap: { run, at: reached, began } }
    else if (run + 1 < this.#runs.length) this.#position = { through, lap: { run: run + 1, at: null, began } }
    else {
      this.#saveThrough.run(began)
      this.#position = { through: began, lap: null }
    }
  }

  /** After the commit. */
  committed(): void {
    this.#committed = this.#position
  }

  /** After a rollback. */
  rolledBack(): void {
    this.#position = this.#committed
  }
}

/** The rows that a lap was about to move when the process ended are on disk in part; those stay there. */
function loadTail(db: Database, through: IntentId): void {
  db.prepare(
    `INSERT INTO tail_by_serial SELECT serial, id FROM intents AS i WHERE id > ?
     AND NOT EXISTS (SELECT 1 FROM intents_by_serial AS s WHERE s.serial = i.serial)`,
  ).run(through)
  db.prepare(
    `INSERT INTO tail_by_identity SELECT identity, issued_at, id FROM intents AS i WHERE id > ? AND NOT EXISTS
     (SELECT 1 FROM intents_by_identity AS d WHERE (d.identity, d.issued_at, d.id) = (i.identity, i.issued_at, i.id))`,
  ).run(through)
}

function serialRun(db: Database): SortedRun {
  return new SortedRun(db, {
    tail: 'tail_by_serial',
    disk: 'intents_by_serial',
    key: ['serial'],
    first: [new Uint8Array(0)],
    last: [new Uint8Array(17).fill(0xff)], // serials have 16 bytes
  })
}

function identityRun(db: Database): SortedRun {
  return new SortedRun(db, {
    tail: 'tail_by_identity',
    disk: 'intents_by_identity',
    key: ['identity', 'issued_at', 'id'],
    first: [0, 0, 0], // identities are numbered from 1
    last: [Number.MAX_SAFE_INTEGER, 0, 0],
  })
}
