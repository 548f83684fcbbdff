import type { Log } from '../../kernel/log.ts'

/** What is wrong with a token: readiness tells it until something was signed again, and the log once. */
export class TokenHealth {
  readonly #tokenLabel: string
  readonly #log: Log
  #problem: string | null = null

  constructor({ tokenLabel, log }: { readonly tokenLabel: string; readonly log: Log }) {
    this.#tokenLabel = tokenLabel
    this.#log = log
  }

  /** In words; null: nothing is known. */
  get problem(): string | null {
    return this.#problem
  }

  /** Notes what the module, or the way to it, says. */
  note(error: unknown): void {
    const said = error instanceof Error ? error.message : String(error)
    const problem = `keys in the token \`${this.#tokenLabel}\` do not sign: ${said}`
    if (problem !== this.#problem) this.#log.error('token.failed', { error })
    this.#problem = problem
  }

  /** The token does what it should. */
  clear(): void {
    if (this.#problem !== null) this.#log.info('token.recovered')
    this.#problem = null
  }
}
