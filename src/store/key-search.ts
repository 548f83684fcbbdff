import type { Database } from 'better-sqlite3'
import type { IssuedCertificate, KeyQuery } from '../ca/find-live.ts'

/** Rows looked at in one part: the worker is held for some ten milliseconds. */
const PART_ROWS = 20_000

interface FoundRow {
  readonly serial: Buffer
  readonly identity: string
  readonly authority: string
  readonly not_after: number
}

/** Finds certificates by their key, part by part from the newest: there is no index of keys, as nobody else asks. */
export class KeySearch {
  readonly #find
  readonly #newest

  constructor(db: Database) {
    this.#find = db.prepare<[number, number, Uint8Array, number], FoundRow>(
      `SELECT i.serial, d.text AS identity, s.text AS authority, i.not_after FROM intents AS i
       CROSS JOIN identities AS d ON d.id = i.identity CROSS JOIN signers AS s ON s.id = i.signer
       WHERE i.id > ? AND i.id < ? AND i.spki_sha256 = ? AND i.not_after > ?`,
    )
    this.#newest = db.prepare<[number], { readonly id: number; readonly issued_at: number }>(
      'SELECT id, issued_at FROM intents WHERE id < ? ORDER BY id DESC LIMIT 1',
    )
  }

  find({ spkiSha256, now, since, before = Number.MAX_SAFE_INTEGER }: KeyQuery): {
    readonly items: readonly IssuedCertificate[]
    readonly next: number | null
  } {
    const newest = this.#newest.get(before)
    if (newest === undefined || newest.issued_at < since) return { items: [], next: null }
    const floor = newest.id - PART_ROWS
    const key = Buffer.from(spkiSha256, 'hex')
    const rows = this.#find.all(floor, newest.id + 1, key, Math.floor(now / 1000))
    return { items: rows.map(fromRow), next: floor + 1 }
  }
}

function fromRow({ serial, identity, authority, not_after }: FoundRow): IssuedCertificate {
  return { serial: serial.toString('hex'), identity, authority, notAfter: not_after }
}
