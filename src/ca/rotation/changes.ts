import type { Clock, UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { openTurns } from '../../kernel/turns.ts'
import type { Authorities, ChangeNote } from '../authorities.ts'
import type { NewKeys } from './new-keys.ts'
import type { RotationView } from './slots.ts'
import type { Transition } from './transition.ts'

export interface ChangesDeps {
  readonly authorities: Authorities
  readonly keys: NewKeys
  readonly clock: Clock
  readonly log: Log
}

/** Changes of the authorities, one at a time: whatever wants one, decides and commits within its turn. */
export class Changes {
  readonly #deps: ChangesDeps
  readonly #takeTurn = openTurns()

  constructor(deps: ChangesDeps) {
    this.#deps = deps
  }

  get view(): RotationView {
    return this.#deps.authorities.view()
  }

  get now(): UnixMillis {
    return this.#deps.clock.now()
  }

  /** Runs the work from what is stored, once nobody else is at it; `limit.queue` when too many wait. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#takeTurn(async () => {
      await this.#deps.authorities.settle()
      await this.#deps.keys.discardUnused(this.view.authorities)
      return work()
    })
  }

  /** Stores the transition with who wanted it, and puts it in force; within a turn alone. */
  async commit(transition: Transition, { actor, action, reason = '' }: ChangeNote): Promise<void> {
    await this.#deps.authorities.commit(transition, { actor, action, reason })
    const { bundleSequence, forgotten = [] } = transition
    const authorities = transition.authorities.map(({ id, kind, state }) => ({ id, kind, state }))
    const about = { actor, reason, authorities, bundleSequence }
    this.#deps.log.info(action, forgotten.length === 0 ? about : { ...about, forgotten })
  }
}
