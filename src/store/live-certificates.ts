import type { Database } from 'better-sqlite3'
import { OWN_SUBJECT } from '../ca/own-subject.ts'
import type { LiveCertificates } from '../ca/rotation/measures.ts'
import type { BundleReport } from '../ca/rotation/uptake.ts'
import type { UnixSeconds } from '../kernel/clock.ts'

/** Rows looked at in one step: what issues meanwhile waits a few milliseconds. */
const STEP_ROWS = 50_000

/** Where to count, and what counts as live. */
export interface LiveQuery {
  readonly after: UnixSeconds
  /** 0 begins a new count; then what the step before gave. */
  readonly from: number
}

export interface LiveStep {
  readonly live: readonly LiveCertificates[]
  /** Null at the end. */
  readonly next: number | null
}

interface LiveRow {
  readonly signer: string
  readonly sequence: number
  readonly certificates: number
  readonly latestExpiry: number
  readonly oldest: number
}

/** Counts unexpired certificates of others – the service's own are replaced with the authority that signs –, and keeps what their holders say of the bundle they use. */
export class LiveCertificateTable {
  readonly #count
  readonly #newest
  readonly #report
  readonly #forget
  readonly #reportAll: (reports: readonly BundleReport[]) => void
  /** Every row before it had expired at `#asOf`. */
  #oldestLive = 0
  #asOf: UnixSeconds = 0

  constructor(db: Database) {
    this.#count = db.prepare<[number, number, number], LiveRow>(
      `SELECT s.text AS signer, max(i.bundle_sequence, coalesce(r.sequence, 0)) AS sequence, count(*) AS certificates,
       max(i.not_after) AS latestExpiry, min(i.id) AS oldest
       FROM intents i JOIN signers s ON s.id = i.signer LEFT JOIN bundle_reports r ON r.serial = i.serial
       WHERE i.id >= ? AND i.id < ? AND i.not_after > ? AND NOT (i.attestor = 'admin' AND i.subject = '${OWN_SUBJECT}')
       GROUP BY 1, 2`,
    )
    this.#newest = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM intents').pluck()
    this.#report = db.prepare<[Buffer, number, number]>(
      `INSERT INTO bundle_reports (serial, sequence, not_after) VALUES (?, ?, ?) ON CONFLICT (serial) DO UPDATE SET
       sequence = max(sequence, excluded.sequence)`,
    )
    this.#forget = db.prepare<[number]>('DELETE FROM bundle_reports WHERE not_after <= ?')
    this.#reportAll = db.transaction((reports: readonly BundleReport[]) => {
      for (const { serial, sequence, notAfter } of reports)
        this.#report.run(Buffer.from(serial, 'hex'), sequence, notAfter)
    })
  }

  step({ after, from }: LiveQuery): LiveStep {
    if (after < this.#asOf) this.#oldestLive = 0 // the clock was set back: what had expired is live again
    this.#asOf = after
    const begin = Math.max(from, this.#oldestLive, 1)
    const end = begin + STEP_ROWS
    const rows = this.#count.all(begin, end, after)
    const isLast = end > (this.#newest.get() ?? 0)
    if (from === 0 || begin === this.#oldestLive) this.#advance(rows, { end, isLast })
    if (from === 0) this.#forget.run(after)
    return { live: rows.map(toLive), next: isLast ? null : end }
  }

  report(reports: readonly BundleReport[]): void {
    this.#reportAll(reports)
  }

  #advance(rows: readonly LiveRow[], { end, isLast }: { readonly end: number; readonly isLast: boolean }): void {
    if (rows.length > 0) this.#oldestLive = Math.min(...rows.map(({ oldest }) => oldest))
    else if (!isLast) this.#oldestLive = end
  }
}

function toLive({ signer, sequence, certificates, latestExpiry }: LiveRow): LiveCertificates {
  return { signer, sequence, certificates, latestExpiry }
}
