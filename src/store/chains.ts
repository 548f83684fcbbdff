import type { Database } from 'better-sqlite3'
import type { LogName } from '../audit/row.ts'

/** A place in a chain as the writer has it: the last row so far and its hash. */
export interface ChainEnd {
  readonly sequence: number
  readonly hash: Buffer
}

/**
 * The anchor is the last row that retention removed. The head is the last row that was written, or one shortly before it:
 * saving it with each group of certificates would cost too much, and the rows behind it are chained like any other.
 */
export interface ChainEnds {
  readonly anchor: ChainEnd
  readonly head: ChainEnd
}

interface ChainRow {
  readonly anchor_sequence: number
  readonly anchor_hash: Buffer
  readonly head_sequence: number
  readonly head_hash: Buffer
}

/** Rows of each log by their place in its chain. */
export const CHAINED_TABLE = {
  intents: { table: 'intents', sequence: 'id' },
  results: { table: 'results', sequence: 'sequence' },
  actions: { table: 'admin_actions', sequence: 'sequence' },
} as const satisfies Record<LogName, { readonly table: string; readonly sequence: string }>

/** Where the chains begin and end, on disk; every change joins the transaction that is open. */
export class Chains {
  readonly #read
  readonly #newest
  readonly #advance
  readonly #anchor

  constructor(db: Database) {
    this.#read = db.prepare<[LogName], ChainRow>(
      'SELECT anchor_sequence, anchor_hash, head_sequence, head_hash FROM chains WHERE log = ?',
    )
    this.#newest = {
      intents: newestOf(db, 'intents'),
      results: newestOf(db, 'results'),
      actions: newestOf(db, 'actions'),
    }
    this.#advance = db.prepare<[number, Buffer, LogName]>(
      'UPDATE chains SET head_sequence = ?, head_hash = ? WHERE log = ?',
    )
    this.#anchor = db.prepare<[number, Buffer, LogName]>(
      'UPDATE chains SET anchor_sequence = ?, anchor_hash = ? WHERE log = ?',
    )
  }

  ends(log: LogName): ChainEnds {
    const row = this.#read.get(log)
    if (row === undefined) throw new Error(`the database has no chain of ${log}: it was changed from outside`)
    return {
      anchor: { sequence: row.anchor_sequence, hash: row.anchor_hash },
      head: { sequence: row.head_sequence, hash: row.head_hash },
    }
  }

  /**
   * The last row, or the head where its row is gone: the next row then goes behind what was there, and the gap stands
   * out at every verification.
   */
  end(log: LogName): ChainEnd {
    const { head } = this.ends(log)
    const newest = this.#newest[log].get()
    return newest === undefined || newest.sequence <= head.sequence ? head : newest
  }

  advance(log: LogName, { sequence, hash }: ChainEnd): void {
    this.#advance.run(sequence, hash, log)
  }

  /** Retention removed every row up to this one. */
  removedThrough(log: LogName, { sequence, hash }: ChainEnd): void {
    this.#anchor.run(sequence, hash, log)
  }
}

function newestOf(db: Database, log: LogName) {
  const { table, sequence } = CHAINED_TABLE[log]
  return db.prepare<[], ChainEnd>(
    `SELECT ${sequence} AS sequence, hash FROM ${table} ORDER BY ${sequence} DESC LIMIT 1`,
  )
}
