import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Authorities } from '../authorities.ts'
import { isTrusted } from '../build-bundle.ts'
import type { KeyProvider } from '../key-provider.ts'
import type { Changes } from './changes.ts'
import { type ForgetPlan, forgettable, toForgotten } from './forget.ts'
import type { MomentDeps } from './moment.ts'

export interface UpkeepDeps extends Pick<MomentDeps, 'doubtedUntil'> {
  readonly authorities: Authorities
  readonly changes: Changes
  readonly keys: KeyProvider
  readonly plan: ForgetPlan
  readonly clock: Clock
  readonly log: Log
}

/** Without a change there is little to do, and what failed may work by then. */
const EVERY_MS = 60_000

/**
 * Takes away what authorities leave that have gone: their keys as soon as that is stored, since nothing needs their
 * signature any more, and their rows once retention is over. A crash in between is healed by the first run after it.
 */
export class Upkeep {
  readonly #deps: UpkeepDeps
  /** Ids whose keys are gone for sure. */
  #destroyed: ReadonlySet<string> = new Set()
  #failed: ReadonlySet<string> = new Set()
  #holders = 0
  #seen: { readonly version: number; readonly until: number } | null = null

  constructor(deps: UpkeepDeps) {
    this.#deps = deps
  }

  /** Nothing is taken away until the function that it gives is called. */
  hold(): () => void {
    this.#holders++
    let isHeld = true
    return () => {
      if (isHeld) this.#holders--
      isHeld = false
    }
  }

  /** At once after each change, then once a minute; never rejects. */
  async run(): Promise<void> {
    const { authorities, changes, clock, log } = this.#deps
    if (this.#holders > 0) return
    if (this.#seen?.version === authorities.version && clock.monotonic() < this.#seen.until) return
    try {
      await changes.inTurn(async () => {
        if (this.#holders > 0) return
        await this.#destroyKeys()
        await this.#forget()
      })
    } catch (error) {
      log.error('authority.upkeep_failed', { error })
    }
    this.#seen = { version: authorities.version, until: clock.monotonic() + EVERY_MS }
  }

  async #destroyKeys(): Promise<void> {
    const gone = this.#deps.changes.view.authorities.filter((one) => !isTrusted(one)).map(({ id }) => id)
    const destroyed = new Set<string>()
    const failed = new Set<string>()
    for (const id of gone) {
      const isGone = this.#destroyed.has(id) || (await this.#destroy(id))
      ;(isGone ? destroyed : failed).add(id)
    }
    this.#destroyed = destroyed
    this.#failed = failed
  }

  async #destroy(id: string): Promise<boolean> {
    const { keys, log } = this.#deps
    try {
      if (!(await keys.has(id))) return true
      await keys.discard(id)
      log.info('authority.key_destroyed', { id })
      return true
    } catch (error) {
      if (!this.#failed.has(id)) log.warn('authority.key_not_destroyed', { id, error }) // once, and tried again
      return false
    }
  }

  /** By a believed clock; an authority whose key is still there is not lost sight of. */
  async #forget(): Promise<void> {
    const { changes, plan, doubtedUntil } = this.#deps
    const { view, now } = changes
    const old = doubtedUntil() === null ? forgettable(view, now, plan) : []
    const transition = toForgotten(
      view,
      old.filter(({ id }) => this.#destroyed.has(id)),
    )
    if (transition === null) return
    await changes.commit(transition, { actor: 'alcazar', action: 'authority.forget', reason: 'retention' })
  }
}
