import type { Database, Statement } from 'better-sqlite3'
import type { LogName, RecordRow } from '../audit/row.ts'

/** A row of the record as it is stored; `hash` is null only before the rows were chained. */
export interface StoredRow {
  readonly row: RecordRow
  readonly hash: Buffer | null
}

/** Which rows of a log, in the order of its chain. */
export interface RowRange {
  readonly after: number
  readonly through: number
  readonly limit: number
}

interface IntentColumns {
  readonly sequence: number
  readonly serial: Buffer
  readonly identity: string
  readonly notBefore: number
  readonly notAfter: number
  readonly issuedAt: number
  readonly attestor: string
  readonly subject: string
  readonly authority: string
  readonly spkiSha256: Buffer
  readonly csrSha256: Buffer
  readonly peer: string
  readonly bundleSequence: number
  readonly hash: Buffer | null
}

interface ResultColumns {
  readonly sequence: number
  readonly first: number
  readonly last: number
  readonly outcome: number
  readonly hash: Buffer | null
}

interface ActionColumns {
  readonly sequence: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string
  readonly hash: Buffer | null
}

type Range = [after: number, through: number, limit: number]

/** A text that is gone leaves the row in its place, where its hash does not fit. */
const INTENTS = `SELECT i.id AS sequence, i.serial, coalesce(d.text, '') AS identity, i.not_before AS notBefore,
    i.not_after AS notAfter, i.issued_at AS issuedAt, i.attestor, i.subject, coalesce(s.text, '') AS authority,
    i.spki_sha256 AS spkiSha256, i.csr_sha256 AS csrSha256, i.peer, i.bundle_sequence AS bundleSequence, i.hash
  FROM intents AS i LEFT JOIN identities AS d ON d.id = i.identity LEFT JOIN signers AS s ON s.id = i.signer
  WHERE i.id > ? AND i.id <= ? ORDER BY i.id LIMIT ?`
const RESULTS = `SELECT sequence, first_id AS first, last_id AS last, outcome, hash FROM results
  WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`
const ACTIONS = `SELECT sequence, at, actor, action, target, detail, hash FROM admin_actions
  WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`

/** Reads the logs as they are: nothing is judged here, so that what was changed from outside can be shown. */
export class RecordRows {
  readonly #intents: Statement<Range, IntentColumns>
  readonly #results: Statement<Range, ResultColumns>
  readonly #actions: Statement<Range, ActionColumns>

  constructor(db: Database) {
    this.#intents = db.prepare(INTENTS)
    this.#results = db.prepare(RESULTS)
    this.#actions = db.prepare(ACTIONS)
  }

  /** Row by row, so that those before a damaged page are read. */
  *read(log: LogName, { after, through, limit }: RowRange): Generator<StoredRow> {
    switch (log) {
      case 'intents':
        for (const row of this.#intents.iterate(after, through, limit)) yield toIntent(row)
        break
      case 'results':
        for (const row of this.#results.iterate(after, through, limit)) yield toResult(row)
        break
      case 'actions':
        for (const row of this.#actions.iterate(after, through, limit)) yield toAction(row)
    }
  }
}

function toIntent({ sequence, hash, ...fields }: IntentColumns): StoredRow {
  return { row: { log: 'intents', sequence, fields }, hash }
}

function toResult({ sequence, hash, ...fields }: ResultColumns): StoredRow {
  return { row: { log: 'results', sequence, fields }, hash }
}

function toAction({ sequence, hash, ...fields }: ActionColumns): StoredRow {
  return { row: { log: 'actions', sequence, fields }, hash }
}
