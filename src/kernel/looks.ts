import type { Clock } from './clock.ts'

/** Looks at something once, never rejects, and tells after how many milliseconds to look again; null: only when asked. */
export type LookOnce = () => Promise<number | null>

/** Looks again and again, one look at a time: when it was planned, or sooner when somebody has reason to. */
export class Looks {
  readonly #lookOnce: LookOnce
  readonly #clock: Clock
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY
  #look: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(lookOnce: LookOnce, clock: Clock) {
    this.#lookOnce = lookOnce
    this.#clock = clock
  }

  /** Looks now, behind a look that is under way. */
  now(): Promise<void> {
    this.#at = Number.POSITIVE_INFINITY
    this.#look = this.#look.then(() => this.#run())
    return this.#look
  }

  /** Never later than what is planned already, so that what never rests is looked at all the same. */
  in(milliseconds: number): void {
    const at = this.#clock.monotonic() + milliseconds
    if (this.#isClosed || at >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    this.#timer = setTimeout(() => void this.now(), milliseconds).unref()
  }

  /** Waits for a look that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#look
  }

  async #run(): Promise<void> {
    if (this.#isClosed) return
    const next = await this.#lookOnce()
    if (next !== null) this.in(next)
  }
}
