import type { Database } from 'better-sqlite3'
import { REMEMBERED_SECONDS } from '../ca/deny/deny-list.ts'
import type { Revocation, RevocationBatch, StoredRevocation } from '../ca/deny/revocations.ts'
import { CRL_REASON_NAMES } from './crl-reason-names.ts'
import { parseStored } from './stored-value.ts'

/** They are all in memory, and a CRL with so many has some 2 MB, which every reader fetches anew when one is added. */
const MAX_ROWS = 50_000

interface RevokedRow {
  readonly number: number
  readonly serial: Buffer
  readonly authority: string
  readonly not_after: number
  readonly revoked_at: number
  readonly reason: string
}

/** Revoked certificates on disk. */
export class Revoked {
  readonly #db: Database
  readonly #insert
  readonly #exists
  readonly #forget
  readonly #count
  readonly #all

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare<[Uint8Array, string, number, number, string]>(
      'INSERT INTO revoked (serial, authority, not_after, revoked_at, reason) VALUES (?, ?, ?, ?, ?)',
    )
    this.#exists = db.prepare<[Uint8Array]>('SELECT 1 FROM revoked WHERE serial = ?')
    this.#forget = db.prepare<[number]>('DELETE FROM revoked WHERE not_after < ?')
    this.#count = db.prepare<[], number>('SELECT count(*) FROM revoked').pluck()
    this.#all = db.prepare<[], RevokedRow>(
      'SELECT number, serial, authority, not_after, revoked_at, reason FROM revoked ORDER BY number',
    )
  }

  load(): readonly StoredRevocation[] {
    return this.#all.all().map(fromRow)
  }

  /** All of it in one transaction; gives what is new, and how many there was no room for. */
  add({ revocations, now }: RevocationBatch): { readonly added: readonly StoredRevocation[]; readonly left: number } {
    return this.#db.transaction(() => {
      this.#forget.run(Math.floor(now / 1000) - REMEMBERED_SECONDS)
      const fresh = revocations.filter(({ serial }) => this.#exists.get(Buffer.from(serial, 'hex')) === undefined)
      const room = Math.max(0, MAX_ROWS - (this.#count.get() ?? 0))
      const added = fresh.slice(0, room).map((one) => this.#store(one))
      return { added, left: fresh.length - added.length }
    })()
  }

  #store(revocation: Revocation): StoredRevocation {
    const { serial, authority, notAfter, revokedAt, reason } = revocation
    const row = this.#insert.run(Buffer.from(serial, 'hex'), authority, notAfter, revokedAt, reason)
    return { ...revocation, number: Number(row.lastInsertRowid) }
  }
}

function fromRow(row: RevokedRow): StoredRevocation {
  return {
    number: row.number,
    serial: row.serial.toString('hex'),
    authority: row.authority,
    notAfter: row.not_after,
    revokedAt: row.revoked_at,
    reason: parseStored(CRL_REASON_NAMES, row.reason, 'revoked.reason'),
  }
}
