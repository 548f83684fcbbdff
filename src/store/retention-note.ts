import type { Database } from 'better-sqlite3'
import { LOGS } from '../audit/row.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import type { AdminActions } from './admin-actions.ts'
import type { Chains } from './chains.ts'

/** Often enough for who reads the record; each is a row of it. */
const EVERY_MS = 86_400_000

/** Puts into the record itself where its chains begin since retention removed what was before: once a day at most. */
export class RetentionNote {
  readonly #chains: Chains
  readonly #actions: AdminActions
  readonly #toldAt
  readonly #told
  readonly #setTold

  constructor(db: Database, { chains, actions }: { readonly chains: Chains; readonly actions: AdminActions }) {
    this.#chains = chains
    this.#actions = actions
    this.#toldAt = db.prepare<[], number>('SELECT anchors_told_at FROM record_state').pluck()
    this.#told = db.prepare<[], number>('SELECT anchors_told FROM record_state').pluck()
    this.#setTold = db.prepare<[UnixMillis, number]>('UPDATE record_state SET anchors_told_at = ?, anchors_told = ?')
  }

  /** Joins the transaction that is open. */
  write(now: UnixMillis): void {
    const anchors = LOGS.map((log) => [log, this.#chains.ends(log).anchor] as const)
    const removed = anchors.reduce((sum, [, anchor]) => sum + anchor.sequence, 0)
    if (removed === (this.#told.get() ?? 0) || now - (this.#toldAt.get() ?? 0) < EVERY_MS) return
    const detail = Object.fromEntries(
      anchors.flatMap(([log, { sequence, hash }]) => [
        [`${log}Through`, sequence],
        [`${log}Hash`, hash.toString('hex')],
      ]),
    )
    this.#actions.append({ at: now, actor: 'alcazar', action: 'record.retain', target: 'record', detail })
    this.#setTold.run(now, removed)
  }
}
