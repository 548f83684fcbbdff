import type { Database } from 'better-sqlite3'
import type { IssuedQuery, IssuedRow, Outcome } from '../ca/record.ts'
import type { Attestor } from '../identity/evidence.ts'
import type { Page } from '../kernel/page.ts'
import { checkLimit, parseCursor } from './cursor.ts'
import type { InternedText } from './interned-text.ts'
import { toPage } from './page.ts'
import { parseStored } from './stored-value.ts'

/** How callers can have proven who they are. */
export const ATTESTORS = ['jwt', 'client-certificate', 'join-token', 'admin'] as const satisfies readonly Attestor[]
const OUTCOMES = ['unknown', 'issued', 'failed'] as const satisfies readonly Outcome[]

/** A row of `intents` with its joins, times and numbers as stored. */
interface IntentRow {
  readonly id: number
  readonly signer_kind: string | null
  readonly serial: Buffer
  readonly identity: string
  readonly not_before: number
  readonly not_after: number
  readonly issued_at: number
  readonly attestor: string
  readonly subject: string
  readonly authority: string
  readonly spki_sha256: Buffer
  readonly csr_sha256: Buffer
  readonly peer: string
  readonly bundle_sequence: number
  readonly outcome: number | null
}

/** Rows with `since <= issued_at` and `(issued_at, id) < (at, id)`. */
interface Window {
  readonly since: number
  readonly at: number
  readonly id: number
}

const COLUMNS = `i.id, i.serial, d.text AS identity, i.not_before, i.not_after, i.issued_at, i.attestor, i.subject,
  s.text AS authority, i.spki_sha256, i.csr_sha256, i.peer, i.bundle_sequence,
  (SELECT a.kind FROM authorities AS a WHERE a.id = s.text) AS signer_kind,
  (SELECT iif(r.last_id >= i.id, r.outcome, 0) FROM results AS r WHERE r.first_id <= i.id
   ORDER BY r.first_id DESC LIMIT 1) AS outcome`
const JOINS = 'CROSS JOIN identities AS d ON d.id = i.identity CROSS JOIN signers AS s ON s.id = i.signer'
const WINDOW = 'issued_at >= ? AND (issued_at, id) < (?, ?)'

/** The SQL of each kind of list; exported so that a test can ask SQLite for its plan. */
export const ISSUED_SQL = {
  all: `SELECT ${COLUMNS} FROM (SELECT * FROM intents WHERE ${WINDOW} ORDER BY issued_at DESC, id DESC LIMIT ?) AS i
    ${JOINS} ORDER BY i.issued_at DESC, i.id DESC`,
  identity: `SELECT ${COLUMNS} FROM (
      SELECT issued_at, id FROM tail_by_identity WHERE identity = ? AND ${WINDOW}
      UNION ALL SELECT issued_at, id FROM intents_by_identity WHERE identity = ? AND ${WINDOW}
      ORDER BY issued_at DESC, id DESC LIMIT ?) AS k
    CROSS JOIN intents AS i ON i.id = k.id ${JOINS} ORDER BY k.issued_at DESC, k.id DESC`,
  serial: `SELECT ${COLUMNS} FROM (SELECT id FROM tail_by_serial WHERE serial = ?
      UNION ALL SELECT id FROM intents_by_serial WHERE serial = ?) AS k
    CROSS JOIN intents AS i ON i.id = k.id ${JOINS} WHERE i.issued_at >= ? AND (i.issued_at, i.id) < (?, ?)`,
} as const

/** Lists the record, newest first, without ever walking over rows that the filters leave out. */
export class IssuedReader {
  readonly #identities: InternedText
  readonly #all
  readonly #byIdentity
  readonly #bySerial

  constructor(db: Database, identities: InternedText) {
    this.#identities = identities
    this.#all = db.prepare<unknown[], IntentRow>(ISSUED_SQL.all)
    this.#byIdentity = db.prepare<unknown[], IntentRow>(ISSUED_SQL.identity)
    this.#bySerial = db.prepare<unknown[], IntentRow>(ISSUED_SQL.serial)
  }

  /** Throws `request.malformed` for a bad limit or cursor; a serial that is no 32 hex digits was never issued. */
  list(query: IssuedQuery): Page<IssuedRow> {
    checkLimit(query.limit)
    const window = toWindow(query)
    const key = ({ issued_at, id }: IntentRow) => [issued_at, id]
    return toPage(this.#read(query, window), query.limit, { item: toIssuedRow, key })
  }

  #read({ serial, identity, limit }: IssuedQuery, { since, at, id }: Window): readonly IntentRow[] {
    if (serial !== undefined) {
      if (!/^[0-9a-f]{32}$/.test(serial)) return []
      const bytes = Buffer.from(serial, 'hex')
      const rows = this.#bySerial.all(bytes, bytes, since, at, id)
      return identity === undefined ? rows : rows.filter((row) => row.identity === identity)
    }
    if (identity === undefined) return this.#all.all(since, at, id, limit + 1)
    const number = this.#identities.find(identity)
    if (number === null) return []
    return this.#byIdentity.all(number, since, at, id, number, since, at, id, limit + 1)
  }
}

function toWindow({ since, until, after }: IssuedQuery): Window {
  const [at = 0, id = 0] = after === undefined ? [Number.MAX_SAFE_INTEGER, 0] : parseCursor(after, 2)
  const below = until === undefined ? Number.MAX_SAFE_INTEGER : until + 1 // times are whole: up to and with `until`
  return below < at ? { since: since ?? 0, at: below, id: 0 } : { since: since ?? 0, at, id }
}

/** Row → entity; the other way is `GroupWriter`, which binds columns. */
function toIssuedRow(row: IntentRow): IssuedRow {
  return {
    kind: row.signer_kind === 'jwt' ? 'jwt' : 'certificate',
    serial: row.serial.toString('hex'),
    identity: row.identity,
    notBefore: row.not_before,
    notAfter: row.not_after,
    issuedAt: row.issued_at,
    attestor: parseStored(ATTESTORS, row.attestor, 'intents.attestor'),
    subject: row.subject,
    authority: row.authority,
    spkiSha256: row.spki_sha256.toString('hex'),
    csrSha256: row.csr_sha256.toString('hex'),
    peer: row.peer,
    bundleSequence: row.bundle_sequence,
    outcome: OUTCOMES[row.outcome ?? 0] ?? 'unknown',
  }
}
