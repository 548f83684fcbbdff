import type { Log } from '../../kernel/log.ts'
import type { Authorities } from '../authorities.ts'
import type { KeyProvider } from '../key-provider.ts'
import { active } from './slots.ts'

export interface RootKeyDeps {
  readonly authorities: Authorities
  readonly keys: KeyProvider
  readonly log: Log
}

/** Looks whether a root key that is here can be used: better known at the start than when an intermediate is due. */
export class RootKeyCheck {
  readonly #deps: RootKeyDeps
  #problem: string | null = null

  constructor(deps: RootKeyDeps) {
    this.#deps = deps
  }

  /** In words; null when nothing is known. A key that is kept elsewhere is no problem before it has to sign. */
  get problem(): string | null {
    return this.#problem
  }

  async run(): Promise<void> {
    const { authorities, keys, log } = this.#deps
    const root = active(authorities.view(), 'root')
    try {
      if (root !== undefined && (await keys.has(root.id))) await authorities.signerOf(root)
      this.#problem = null
    } catch (error) {
      if (this.#problem === null) log.error('authority.root_key_unusable', { error })
      this.#problem = 'the key of the root cannot be used, so no intermediate can be made: the log has the reason'
    }
  }

  /** Whether an intermediate is due that only somebody elsewhere can sign: it is for a person to bring the next one. */
  async isElsewhere(): Promise<boolean> {
    const { authorities, keys } = this.#deps
    const root = active(authorities.view(), 'root')
    if (root === undefined || (await keys.has(root.id))) return false
    this.#problem = 'the next intermediate is due, and the key of its root is not here: import the next one'
    return true
  }

  /** Somebody may have put it right. */
  async runAgain(): Promise<void> {
    if (this.#problem !== null) await this.run()
  }
}
