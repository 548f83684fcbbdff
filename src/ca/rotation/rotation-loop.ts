import { AUTHORITY_KINDS, type Authority, type AuthorityKind } from '../authority.ts'
import type { Changes } from './changes.ts'
import { countedMoment, type MomentDeps, uncountedMoment } from './moment.ts'
import { nextStep, type RotationPlan, type Step } from './next-step.ts'
import { RetryPauses } from './retry-pauses.ts'
import { RootKeyCheck } from './root-key.ts'
import { createNext, type SuccessorDeps, toSigning } from './successors.ts'
import { toPrepared } from './to-active.ts'
import { toRetired } from './to-gone.ts'
import { find, type Transition } from './transition.ts'
import type { Upkeep } from './upkeep.ts'

export interface RotationLoopDeps extends SuccessorDeps, MomentDeps {
  readonly changes: Changes
  readonly upkeep: Upkeep
  readonly plan: RotationPlan
}

const TICK_MS = 1_000
/** A bound for one look at a kind; more is done a second later. */
const MAX_STEPS = 8
/** Between two counts the record is left alone this many times as long as the last one took. */
const COUNT_PAUSE = 10
const WAIT: Step = { do: 'wait', next: null }

/** Moves authorities from state to state by itself, as their lives go on. */
export class RotationLoop {
  readonly #deps: RotationLoopDeps
  readonly #problems = new Map<AuthorityKind, string>()
  readonly #pauses: RetryPauses<AuthorityKind>
  readonly #rootKey: RootKeyCheck
  readonly #countAfter = new Map<AuthorityKind, number>()
  readonly #stopFollowing: () => void
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(deps: RotationLoopDeps) {
    this.#deps = deps
    this.#pauses = new RetryPauses(deps.clock)
    this.#rootKey = new RootKeyCheck(deps)
    this.#stopFollowing = deps.authorities.onChange(() => this.#pauses.forget()) // what failed before may work now
  }

  /** Looks at once, then every second, until `close`. */
  async start(): Promise<void> {
    await this.tick()
    await this.#rootKey.run()
    this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    this.#stopFollowing()
    clearTimeout(this.#timer)
  }

  /** In words, why a next authority cannot be made or used, by kind. */
  get problems(): readonly string[] {
    const { problem } = this.#rootKey
    return [...this.#problems.values(), ...(problem === null ? [] : [problem])]
  }

  /** Does what is due for every kind, each whatever becomes of the others; never rejects. */
  async tick(): Promise<void> {
    const { changes, log, upkeep } = this.#deps
    await this.#rootKey.runAgain()
    for (const kind of AUTHORITY_KINDS) {
      if (this.#pauses.has(kind)) continue
      try {
        await changes.inTurn(() => this.#advance(kind))
        this.#pauses.succeeded(kind)
      } catch (error) {
        this.#pauses.failed(kind)
        log.error('rotation.failed', { error, kind })
      }
    }
    await upkeep.run()
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.tick().then(() => this.#schedule()), TICK_MS)
    this.#timer.unref()
  }

  /** Step after step: one that has expired is prepared and put in place at once. */
  async #advance(kind: AuthorityKind): Promise<void> {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const step = await this.#next(kind)
      if (step.do === 'wait') break
      await this.#perform(kind, step)
    }
    this.#problems.delete(kind)
  }

  /** Counts certificates only where they decide, and the longer a count takes the more seldom. */
  async #next(kind: AuthorityKind): Promise<Step> {
    const { clock, plan, changes } = this.#deps
    const hoped = nextStep(changes.view, kind, uncountedMoment(this.#deps), plan)
    if (hoped.do === 'wait') return hoped
    if (hoped.do === 'prepare') return kind === 'intermediate' && (await this.#rootKey.isElsewhere()) ? WAIT : hoped
    const begun = clock.monotonic()
    if (begun < (this.#countAfter.get(kind) ?? 0)) return WAIT
    const moment = await countedMoment(this.#deps, changes.view.authorities)
    const ended = clock.monotonic()
    this.#countAfter.set(kind, ended + (ended - begun) * COUNT_PAUSE)
    return nextStep(changes.view, kind, moment, plan)
  }

  async #perform(kind: AuthorityKind, step: Exclude<Step, { readonly do: 'wait' }>): Promise<void> {
    try {
      const transition = await this.#transitionOf(step)
      await this.#deps.changes.commit(transition, { actor: 'alcazar', reason: 'due', action: `authority.${step.do}` })
    } catch (error) {
      this.#problems.set(kind, `the next ${kind} cannot be ${step.do}d: the log has the reason`)
      throw error
    }
  }

  async #transitionOf(step: Exclude<Step, { readonly do: 'wait' }>): Promise<Transition> {
    const { view, now } = this.#deps.changes
    switch (step.do) {
      case 'prepare': {
        const created: Authority = await createNext(this.#deps, { kind: step.kind })
        return toPrepared(view, [created])
      }
      case 'activate':
        return toSigning(this.#deps, view, find(view, step.id))
      case 'retire':
        return toRetired(view, step.id, now)
    }
  }
}
