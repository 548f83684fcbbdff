import type { Database } from 'better-sqlite3'

/** A row's key, the columns in the order of the primary key. */
export type RunKey = readonly (number | Uint8Array)[]

/** Which table of the tail goes into which on disk; `first` and `last` lie outside of all keys. */
export interface RunTables {
  readonly tail: string
  readonly disk: string
  readonly key: readonly string[]
  readonly first: RunKey
  readonly last: RunKey
}

/** Moves rows from memory to disk in the order of their key, so that the rows of one run share pages. */
export class SortedRun {
  readonly #tables
  readonly #keyAt
  readonly #copy
  readonly #drop

  constructor(db: Database, tables: RunTables) {
    const { tail, disk } = tables
    const key = tables.key.join(', ')
    const marks = tables.key.map(() => '?').join(', ')
    this.#tables = tables
    this.#keyAt = db
      .prepare<unknown[], RunKey>(
        `SELECT ${key} FROM ${tail} WHERE (${key}) > (${marks}) ORDER BY ${key} LIMIT 1 OFFSET ?`,
      )
      .raw()
    const run = `(${key}) > (${marks}) AND (${key}) <= (${marks})`
    this.#copy = db.prepare(`INSERT INTO ${disk} SELECT * FROM ${tail} WHERE ${run} ORDER BY ${key}`)
    this.#drop = db.prepare(`DELETE FROM ${tail} WHERE ${run}`)
  }

  /** Moves `count` rows behind `after` (null: from the start); gives the last key moved, null at the end of the table. */
  move(after: RunKey | null, count: number): RunKey | null {
    const from = after ?? this.#tables.first
    const end = this.#keyAt.get(...from, count - 1) ?? null
    const to = end ?? this.#tables.last
    this.#copy.run(...from, ...to)
    this.#drop.run(...from, ...to)
    return end
  }
}
