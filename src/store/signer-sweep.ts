import type { Database } from 'better-sqlite3'
import type { IntentId } from '../ca/record.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import type { InternedText } from './interned-text.ts'

/** Rows looked at in one step: the worker is held for some ten milliseconds. */
const STEP_ROWS = 20_000
/** A signer takes some bytes: fewer than these are not worth a walk over the record. */
const SPARE = 64
const EVERY_MS = 86_400_000

/** Where a walk over the record is, and the signers that it met. */
interface Walk {
  readonly after: IntentId
  readonly used: Set<number>
}

/**
 * Removes signers that no row names. There is no index of them, so now and then the record is walked, in steps; what is
 * written meanwhile lies ahead of the walk, so that at its end every signer in use was met.
 */
export class SignerSweep {
  readonly #signers: InternedText
  readonly #usedIn
  readonly #oldest
  readonly #newest
  readonly #all
  readonly #remove
  #walk: Walk | null = null
  #walkedAt: UnixMillis = Number.NEGATIVE_INFINITY

  constructor(db: Database, signers: InternedText) {
    this.#signers = signers
    this.#usedIn = db
      .prepare<[IntentId, IntentId], number>('SELECT DISTINCT signer FROM intents WHERE id > ? AND id <= ?')
      .pluck()
    this.#oldest = db.prepare<[], IntentId>('SELECT coalesce(min(id), 0) FROM intents').pluck()
    this.#newest = db.prepare<[], IntentId>('SELECT coalesce(max(id), 0) FROM intents').pluck()
    this.#all = db.prepare<[], { readonly id: number; readonly text: string }>('SELECT id, text FROM signers')
    this.#remove = db.prepare<[number]>('DELETE FROM signers WHERE id = ?')
  }

  /** Joins the transaction that is open; true when there is nothing more to do. */
  step(now: UnixMillis): boolean {
    if (this.#walk === null && !this.#isDue(now)) return true
    const { after, used } = this.#walk ?? { after: 0, used: new Set<number>() }
    const from = Math.max(after, (this.#oldest.get() ?? 0) - 1)
    const through = from + STEP_ROWS
    for (const signer of this.#usedIn.all(from, through)) used.add(signer)
    const isAtEnd = through >= (this.#newest.get() ?? 0)
    this.#walk = isAtEnd ? null : { after: through, used }
    if (!isAtEnd) return false
    this.#walkedAt = now
    this.#removeAllBut(used)
    return true
  }

  #isDue(now: UnixMillis): boolean {
    if (Math.abs(now - this.#walkedAt) < EVERY_MS) return false // however the clock was set
    return this.#all.all().length > SPARE
  }

  #removeAllBut(used: ReadonlySet<number>): void {
    for (const { id, text } of this.#all.all()) {
      if (used.has(id)) continue
      this.#remove.run(id)
      this.#signers.forget(text)
    }
  }
}
