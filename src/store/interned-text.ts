import type { Database } from 'better-sqlite3'

const MAX_CACHED = 50_000

/** Text that is stored once and referred to by its number. */
export class InternedText {
  readonly #find
  readonly #add
  readonly #cache = new Map<string, number>()

  constructor(db: Database, table: 'identities' | 'signers') {
    this.#find = db.prepare<[string], number>(`SELECT id FROM ${table} WHERE text = ?`).pluck()
    this.#add = db.prepare<[string]>(`INSERT INTO ${table} (text) VALUES (?)`)
  }

  /** The number of `text`, which is added where it is new. */
  number(text: string): number {
    const cached = this.#cache.get(text)
    if (cached !== undefined) return cached
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    const number = this.#find.get(text) ?? Number(this.#add.run(text).lastInsertRowid)
    this.#cache.set(text, number)
    return number
  }

  /** The number of `text`, or null where nothing was recorded with it. */
  find(text: string): number | null {
    return this.#find.get(text) ?? null
  }

  /** After its row was removed: it is added anew where it comes again. */
  forget(text: string): void {
    this.#cache.delete(text)
  }

  /** After a rollback: numbers given in the transaction are not taken. */
  rolledBack(): void {
    this.#cache.clear()
  }
}
