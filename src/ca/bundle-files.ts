import type { Log } from '../kernel/log.ts'
import type { Authority } from './authority.ts'
import type { TrustBundle } from './bundle.ts'

/** Writes certificates of authorities and the bundle to files; rejects when it cannot. */
export type PublishFiles = (authorities: readonly Authority[], bundle: TrustBundle) => Promise<void>

/** The files that show what is in force: that stays so when they cannot be written, which is told and tried again. */
export class BundleFiles {
  readonly #publish: PublishFiles
  readonly #log: Log
  #problem: string | null = null

  constructor({ publish, log }: { readonly publish: PublishFiles; readonly log: Log }) {
    this.#publish = publish
    this.#log = log
  }

  /** In words; null: the last state was written. */
  get problem(): string | null {
    return this.#problem
  }

  /** Never rejects. */
  async write(authorities: readonly Authority[], bundle: TrustBundle): Promise<void> {
    try {
      await this.#publish(authorities, bundle)
      this.#problem = null
    } catch (error) {
      if (this.#problem === null) this.#log.error('authorities.not_written', { error })
      this.#problem =
        'the trust bundle and the certificates of authorities could not be written to their files: the log has the reason'
    }
  }
}
