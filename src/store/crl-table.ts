import type { Database } from 'better-sqlite3'
import type { Crl } from '../ca/crl/crl.ts'
import type { UnixMillis } from '../kernel/clock.ts'

interface CrlRow {
  readonly authority: string
  readonly number: number
  readonly this_update: number
  readonly next_update: number
  readonly entries: number
  readonly mark: number
  readonly der: Buffer
}

/** The last CRL of each authority on disk. */
export class CrlTable {
  readonly #db: Database
  readonly #upsert
  readonly #forget
  readonly #all

  constructor(db: Database) {
    this.#db = db
    this.#upsert = db.prepare(
      `INSERT INTO crls (authority, number, this_update, next_update, entries, mark, der) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (authority) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
       next_update = excluded.next_update, entries = excluded.entries, mark = excluded.mark, der = excluded.der
       WHERE excluded.number > crls.number`,
    )
    this.#forget = db.prepare<[number]>(
      'DELETE FROM crls WHERE authority IN (SELECT id FROM authorities WHERE not_after < ?)',
    )
    this.#all = db.prepare<[], CrlRow>(
      'SELECT authority, number, this_update, next_update, entries, mark, der FROM crls',
    )
  }

  load(): readonly Crl[] {
    return this.#all.all().map(fromRow)
  }

  /** With the CRLs of authorities that have expired removed; throws when the number does not ascend. */
  save({ authority, number, thisUpdate, nextUpdate, entries, mark, der }: Crl, now: UnixMillis): void {
    this.#db.transaction(() => {
      this.#forget.run(Math.floor(now / 1000))
      const { changes } = this.#upsert.run(authority, number, thisUpdate, nextUpdate, entries, mark, der)
      if (changes === 0) throw new TypeError(`CRL ${number} of ${authority} is not newer than the one that is stored`)
    })()
  }
}

function fromRow(row: CrlRow): Crl {
  return {
    authority: row.authority,
    number: row.number,
    thisUpdate: row.this_update,
    nextUpdate: row.next_update,
    entries: row.entries,
    mark: row.mark,
    der: row.der,
  }
}
