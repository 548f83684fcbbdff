import type { Clock } from '../../kernel/clock.ts'

const FIRST_MS = 1_000
const MAX_MS = 300_000

interface Pause {
  readonly failures: number
  /** Milliseconds of the monotonic clock. */
  readonly until: number
}

/** What fails is tried again later and later, five minutes apart at most; `forget` when something else has changed. */
export class RetryPauses<Kind> {
  readonly #clock: Clock
  readonly #pauses = new Map<Kind, Pause>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(kind: Kind): boolean {
    return this.#clock.monotonic() < (this.#pauses.get(kind)?.until ?? 0)
  }

  failed(kind: Kind): void {
    const failures = (this.#pauses.get(kind)?.failures ?? 0) + 1
    const waitMs = Math.min(FIRST_MS * 2 ** Math.min(failures, 20), MAX_MS)
    this.#pauses.set(kind, { failures, until: this.#clock.monotonic() + waitMs })
  }

  succeeded(kind: Kind): void {
    this.#pauses.delete(kind)
  }

  forget(): void {
    this.#pauses.clear()
  }
}
