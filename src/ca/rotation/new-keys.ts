import type { Log } from '../../kernel/log.ts'
import type { Authority } from '../authority.ts'
import type { KeyProvider } from '../key-provider.ts'

/**
 * The keys that rotation makes. A key is there before the change that brings it, so one whose change was refused or failed
 * is left over. Only those are discarded that this process made, and only by what the store says for sure: any other key
 * that no authority has may belong to a record that somebody still means to restore.
 */
export class NewKeys implements KeyProvider {
  readonly #keys: KeyProvider
  readonly #log: Log
  readonly #made = new Set<string>()

  constructor(keys: KeyProvider, log: Log) {
    this.#keys = keys
    this.#log = log
  }

  create: KeyProvider['create'] = async (keyType) => {
    const made = await this.#keys.create(keyType)
    this.#made.add(made.id)
    return made
  }

  get adopt(): KeyProvider['adopt'] {
    return this.#keys.adopt
  }

  has: KeyProvider['has'] = (id) => this.#keys.has(id)
  load: KeyProvider['load'] = (id, keyType) => this.#keys.load(id, keyType)
  discard: KeyProvider['discard'] = (id) => this.#keys.discard(id)

  /** Discards what was made and is not among the `stored`; between two changes alone. Never rejects: it is tried again. */
  async discardUnused(stored: readonly Authority[]): Promise<void> {
    for (const { id } of stored) this.#made.delete(id)
    for (const id of this.#made) await this.#discard(id)
  }

  async #discard(id: string): Promise<void> {
    try {
      await this.#keys.discard(id)
    } catch (error) {
      return this.#log.warn('authority.key_not_discarded', { id, error })
    }
    this.#made.delete(id)
    this.#log.info('authority.key_discarded', { id })
  }
}
