import type { Database } from 'better-sqlite3'
import type { UnixMillis } from '../kernel/clock.ts'
import type { AdminActions } from './admin-actions.ts'
import type { ChainEnd, Chains } from './chains.ts'
import type { InternedText } from './interned-text.ts'
import type { Retention, RetentionStep } from './protocol.ts'
import { RetentionNote } from './retention-note.ts'
import { SignerSweep } from './signer-sweep.ts'
import { unusedIdentityRemoval } from './unused-identities.ts'

/** Rows looked at in one step: the worker is held for a few milliseconds. */
const STEP_ROWS = 200
/** A JWT is accepted a little after its expiry (clock skew), so its use is remembered for longer than that. */
const SPENT_GRACE_SECONDS = 3600

interface IntentRow extends ChainEnd {
  readonly serial: Buffer
  readonly identity: number
  readonly issued_at: number
  readonly not_after: number
}

/** What retention shares with who writes the record. */
interface RetainerParts {
  readonly chains: Chains
  readonly actions: AdminActions
  readonly identities: InternedText
  readonly signers: InternedText
}

/**
 * Removes what is long expired, in steps. The record goes from its beginning, without holes, so that its chains stay
 * whole: a row that must be kept keeps those that were written after it. The last hash that went is the chain's anchor.
 */
export class Retainer {
  readonly #db: Database
  readonly #retention: Retention
  readonly #chains: Chains
  readonly #note: RetentionNote
  readonly #intents
  readonly #results
  readonly #actions
  readonly #removeIntent
  readonly #removeUnused
  readonly #signers: SignerSweep
  readonly #removedThrough
  readonly #removeResults
  readonly #removeActions
  readonly #tokens
  readonly #spent

  constructor(db: Database, retention: Retention, parts: RetainerParts) {
    this.#db = db
    this.#retention = retention
    this.#chains = parts.chains
    this.#note = new RetentionNote(db, parts)
    this.#intents = db.prepare<[number], IntentRow>(
      'SELECT id AS sequence, hash, serial, identity, issued_at, not_after FROM intents ORDER BY id LIMIT ?',
    )
    this.#results = db.prepare<[number], ChainEnd & { readonly gone: 0 | 1 }>(
      `SELECT sequence, hash, last_id < coalesce((SELECT min(id) FROM intents),
       (SELECT removed_through + 1 FROM record_state)) AS gone FROM results ORDER BY sequence LIMIT ?`,
    )
    this.#actions = db.prepare<[number], ChainEnd & { readonly at: number }>(
      'SELECT sequence, hash, at FROM admin_actions ORDER BY sequence LIMIT ?',
    )
    this.#removeIntent = intentRemoval(db)
    this.#removeUnused = unusedIdentityRemoval(db, parts.identities)
    this.#signers = new SignerSweep(db, parts.signers)
    this.#removedThrough = db.prepare<[number]>('UPDATE record_state SET removed_through = max(removed_through, ?)')
    this.#removeResults = db.prepare<[number]>('DELETE FROM results WHERE sequence <= ?')
    this.#removeActions = db.prepare<[number]>('DELETE FROM admin_actions WHERE sequence <= ?')
    this.#tokens = db.prepare<[number, number]>('DELETE FROM join_tokens WHERE expires_at < ? LIMIT ?')
    this.#spent = db.prepare<[number, number]>('DELETE FROM spent_jwts WHERE expires_at < ? LIMIT ?')
  }

  /** One step, one transaction; the next one goes on where it ended. */
  step(now: UnixMillis): RetentionStep {
    return this.#db.transaction(() => {
      const seconds = Math.floor(now / 1000)
      const { issuedSeconds, auditSeconds } = this.#retention
      const counts = [
        this.#spent.run(seconds - SPENT_GRACE_SECONDS, STEP_ROWS).changes,
        ...(auditSeconds === null ? [] : [this.#stepActions(now - auditSeconds * 1000)]),
        ...(issuedSeconds === null ? [] : this.#stepIssued(seconds - issuedSeconds)),
      ]
      const removed = counts.reduce((sum, count) => sum + count, 0)
      const done = counts.every((count) => count < STEP_ROWS) && (issuedSeconds === null || this.#signers.step(now))
      if (done) this.#note.write(now)
      return { removed, done }
    })()
  }

  /** How many went, by table. */
  #stepIssued(cutoff: number): readonly number[] {
    const tokens = this.#tokens.run(cutoff, STEP_ROWS).changes
    const intents = leading(this.#intents.all(STEP_ROWS), (row) => row.not_after < cutoff)
    for (const row of intents) this.#removeIntent(row)
    this.#removeUnused(intents.map(({ identity }) => identity))
    const last = intents.at(-1)
    if (last !== undefined) {
      this.#removedThrough.run(last.sequence)
      this.#chains.removedThrough('intents', last)
    }
    return [tokens, intents.length, this.#stepResults()]
  }

  #stepResults(): number {
    const rows = leading(this.#results.all(STEP_ROWS), (row) => row.gone === 1)
    const last = rows.at(-1)
    if (last === undefined) return 0
    this.#removeResults.run(last.sequence)
    this.#chains.removedThrough('results', last)
    return rows.length
  }

  #stepActions(cutoff: UnixMillis): number {
    const rows = leading(this.#actions.all(STEP_ROWS), (row) => row.at < cutoff)
    const last = rows.at(-1)
    if (last === undefined) return 0
    this.#removeActions.run(last.sequence)
    this.#chains.removedThrough('actions', last)
    return rows.length
  }
}

/** The items up to the first that is not so. */
function leading<T>(items: readonly T[], isSo: (item: T) => boolean): readonly T[] {
  const end = items.findIndex((item) => !isSo(item))
  return end === -1 ? items : items.slice(0, end)
}

/** A row is indexed in memory or on disk, never in both; the statement that does not meet it changes nothing. */
function intentRemoval(db: Database): (row: IntentRow) => void {
  const intent = db.prepare('DELETE FROM intents WHERE id = ?')
  const bySerial = ['tail_by_serial', 'intents_by_serial'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE serial = ?`),
  )
  const byIdentity = ['tail_by_identity', 'intents_by_identity'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE identity = ? AND issued_at = ? AND id = ?`),
  )
  return (row) => {
    intent.run(row.sequence)
    for (const statement of bySerial) statement.run(row.serial)
    for (const statement of byIdentity) statement.run(row.identity, row.issued_at, row.sequence)
  }
}
