import type { Database } from 'better-sqlite3'
import type { IssuedCertificate, KeyQuery } from '../ca/deny/find-live.ts'
import type { IntentId } from '../ca/record.ts'
import type { UnixSeconds } from '../kernel/clock.ts'

/** Rows looked at in one part: the worker is held for some ten milliseconds. */
const PART_ROWS = 20_000

interface FoundRow {
  readonly serial: Buffer
  readonly identity: string
  readonly authority: string
  readonly not_after: number
}

/** The first and the last id of the record; null where it is empty. */
interface Ends {
  readonly oldest: IntentId | null
  readonly newest: IntentId | null
}

/**
 * Finds certificates by their key, part by part from the oldest: there is no index of keys, as nobody else asks. When a
 * row was written says nothing of its end, since clocks are set and lives differ; so what was passed over as expired is
 * remembered, and the whole record is walked only once.
 */
export class KeySearch {
  readonly #find
  readonly #firstLive
  readonly #ends
  /** Every row up to it had expired at `#asOf`. */
  #expiredThrough: IntentId = 0
  #asOf: UnixSeconds = 0

  constructor(db: Database) {
    this.#find = db.prepare<[IntentId, IntentId, Uint8Array, UnixSeconds], FoundRow>(
      `SELECT i.serial, d.text AS identity, s.text AS authority, i.not_after FROM intents AS i
       CROSS JOIN identities AS d ON d.id = i.identity CROSS JOIN signers AS s ON s.id = i.signer
       WHERE i.id > ? AND i.id <= ? AND i.spki_sha256 = ? AND i.not_after > ?`,
    )
    this.#firstLive = db
      .prepare<[IntentId, IntentId, UnixSeconds], IntentId>(
        'SELECT id FROM intents WHERE id > ? AND id <= ? AND not_after > ? ORDER BY id LIMIT 1',
      )
      .pluck()
    this.#ends = db.prepare<[], Ends>(
      'SELECT (SELECT min(id) FROM intents) AS oldest, (SELECT max(id) FROM intents) AS newest',
    )
  }

  find({ spkiSha256, now, after = 0 }: KeyQuery): {
    readonly items: readonly IssuedCertificate[]
    readonly next: number | null
  } {
    const seconds = Math.floor(now / 1000)
    if (seconds < this.#asOf) this.#expiredThrough = 0 // the clock was set back: what had expired is live again
    this.#asOf = seconds
    const { oldest, newest } = this.#ends.get() ?? { oldest: null, newest: null }
    if (oldest === null || newest === null) return { items: [], next: null }
    const from = Math.max(after, this.#expiredThrough, oldest - 1)
    const through = Math.min(from + PART_ROWS, newest)
    const rows = this.#find.all(from, through, Buffer.from(spkiSha256, 'hex'), seconds)
    if (after <= this.#expiredThrough || after < oldest) {
      const live = this.#firstLive.get(from, through, seconds)
      this.#expiredThrough = live === undefined ? Math.max(through, from) : live - 1
    }
    return { items: rows.map(fromRow), next: through < newest ? through : null }
  }
}

function fromRow({ serial, identity, authority, not_after }: FoundRow): IssuedCertificate {
  return { serial: serial.toString('hex'), identity, authority, notAfter: not_after }
}
