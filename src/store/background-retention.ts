import type { Log } from '../kernel/log.ts'
import type { RetentionStep } from './protocol.ts'

const FIRST_MS = 5000
const EVERY_MS = 600_000

/** Runs retention now and then, step by step, so that groups get their turn between the steps. */
export class BackgroundRetention {
  readonly #step: () => Promise<RetentionStep>
  readonly #log: Log
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(step: () => Promise<RetentionStep>, log: Log) {
    this.#step = step
    this.#log = log
  }

  start(): void {
    this.#after(FIRST_MS)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Until nothing is left to remove, or it is stopped; gives the number of rows. */
  async run(): Promise<number> {
    let total = 0
    for (let done = false; !done && !this.#stopped; ) {
      const step = await this.#step()
      total += step.removed
      done = step.done
    }
    return total
  }

  #after(milliseconds: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#runInBackground(), milliseconds).unref()
  }

  async #runInBackground(): Promise<void> {
    try {
      const removed = await this.run()
      if (removed > 0) this.#log.info('store.retention', { removed })
    } catch (error) {
      this.#log.error('store.retention_failed', { error })
    }
    this.#after(EVERY_MS)
  }
}
