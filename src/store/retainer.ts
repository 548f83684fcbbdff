import type { Database } from 'better-sqlite3'
import type { UnixMillis } from '../kernel/clock.ts'
import type { Retention, RetentionStep } from './protocol.ts'

/** Rows looked at in one step: the worker is held for a few milliseconds. */
const STEP_ROWS = 200
/** A JWT is accepted a little after its expiry (clock skew), so its use is remembered for longer than that. */
const SPENT_GRACE_SECONDS = 3600

interface ExpiredRow {
  readonly id: number
  readonly serial: Buffer
  readonly identity: number
  readonly issued_at: number
  readonly not_after: number
}

/** Removes what is long expired, oldest first, in steps; what has not expired for long enough is never touched. */
export class Retainer {
  readonly #db: Database
  readonly #retention: Retention
  readonly #oldest
  readonly #removals: readonly ((row: ExpiredRow) => void)[]
  readonly #removedThrough
  readonly #orphanedResults
  readonly #tokens
  readonly #spent
  readonly #audit
  /** The last row looked at by this run; rows may outlive others that were issued after them. */
  #after: { readonly at: number; readonly id: number } = { at: 0, id: 0 }

  constructor(db: Database, retention: Retention) {
    this.#db = db
    this.#retention = retention
    this.#oldest = db.prepare<[number, number, number, number], ExpiredRow>(
      `SELECT id, serial, identity, issued_at, not_after FROM intents
       WHERE (issued_at, id) > (?, ?) AND issued_at < ? ORDER BY issued_at, id LIMIT ?`,
    )
    this.#removals = rowRemovals(db)
    this.#removedThrough = db.prepare<[number]>('UPDATE record_state SET removed_through = max(removed_through, ?)')
    this.#orphanedResults = db.prepare<[number]>(
      `DELETE FROM results WHERE last_id < coalesce((SELECT min(id) FROM intents),
       (SELECT removed_through + 1 FROM record_state)) LIMIT ?`,
    )
    this.#tokens = db.prepare<[number, number]>('DELETE FROM join_tokens WHERE expires_at < ? LIMIT ?')
    this.#spent = db.prepare<[number, number]>('DELETE FROM spent_jwts WHERE expires_at < ? LIMIT ?')
    this.#audit = db.prepare<[number, number]>('DELETE FROM admin_actions WHERE at < ? LIMIT ?')
  }

  /** One step, one transaction; the next one goes on where it ended. */
  step(now: UnixMillis): RetentionStep {
    return this.#db.transaction(() => {
      const seconds = Math.floor(now / 1000)
      const { issuedSeconds, auditSeconds } = this.#retention
      let removed = this.#spent.run(seconds - SPENT_GRACE_SECONDS, STEP_ROWS).changes
      if (auditSeconds !== null) removed += this.#audit.run(now - auditSeconds * 1000, STEP_ROWS).changes
      let looked = 0
      if (issuedSeconds !== null) {
        const cutoff = seconds - issuedSeconds
        removed += this.#tokens.run(cutoff, STEP_ROWS).changes
        const rows = this.#oldest.all(this.#after.at, this.#after.id, cutoff * 1000, STEP_ROWS)
        looked = rows.length
        removed += this.#remove(rows.filter((row) => row.not_after < cutoff))
        this.#advance(rows)
      }
      return { removed, done: looked < STEP_ROWS && removed < STEP_ROWS }
    })()
  }

  #remove(rows: readonly ExpiredRow[]): number {
    for (const row of rows) for (const remove of this.#removals) remove(row)
    this.#removedThrough.run(Math.max(0, ...rows.map((row) => row.id)))
    return rows.length + this.#orphanedResults.run(STEP_ROWS).changes
  }

  #advance(rows: readonly ExpiredRow[]): void {
    const last = rows.length < STEP_ROWS ? undefined : rows.at(-1)
    this.#after = last === undefined ? { at: 0, id: 0 } : { at: last.issued_at, id: last.id }
  }
}

/** A row is indexed in memory or on disk, never in both; the statement that does not meet it changes nothing. */
function rowRemovals(db: Database): readonly ((row: ExpiredRow) => void)[] {
  const intent = db.prepare('DELETE FROM intents WHERE id = ?')
  const bySerial = ['tail_by_serial', 'intents_by_serial'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE serial = ?`),
  )
  const byIdentity = ['tail_by_identity', 'intents_by_identity'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE identity = ? AND issued_at = ? AND id = ?`),
  )
  return [
    (row) => intent.run(row.id),
    ...bySerial.map((statement) => (row: ExpiredRow) => statement.run(row.serial)),
    ...byIdentity.map((statement) => (row: ExpiredRow) => statement.run(row.identity, row.issued_at, row.id)),
  ]
}
