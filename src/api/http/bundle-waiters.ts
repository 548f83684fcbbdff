import { AppError } from '../../kernel/errors.ts'

/** How long somebody waits for what. */
export interface BundleWait {
  /** Whether there is something to tell. */
  readonly isNews: () => boolean
  readonly milliseconds: number
  /** Ends the wait when the client goes away. */
  readonly signal: AbortSignal
}

/** Where bundles change. */
export interface WatchedBundles {
  /** Told after each change, and sometimes when there was none; gives back what ends it. */
  onChange(listener: () => void): () => void
}

/** Each holds a request and a connection. */
const MAX_WAITERS = 10_000

/** Those who wait for the next bundle on one listener, whoever's it is: at most 10,000. */
export class BundleWaiters {
  readonly #limit: number
  readonly #waiting = new Set<{ readonly isNews: () => boolean; readonly wake: () => void }>()
  readonly #stops: readonly (() => void)[]
  #isClosed = false

  constructor(watched: readonly WatchedBundles[], limit = MAX_WAITERS) {
    this.#limit = limit
    this.#stops = watched.map((bundles) => bundles.onChange(() => this.#wakeThoseWithNews()))
  }

  /** Resolves as soon as there is news, and at the end of the wait; `limit.queue` when too many wait. */
  async wait({ isNews, milliseconds, signal }: BundleWait): Promise<void> {
    if (isNews() || milliseconds === 0 || this.#isClosed || signal.aborted) return
    if (this.#waiting.size >= this.#limit) {
      throw new AppError('limit.queue', 'too many wait for the next bundle: ask without `wait`', {
        retryAfterSeconds: 60,
      })
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = { isNews, wake: resolve }
    const timer = setTimeout(resolve, milliseconds)
    this.#waiting.add(one)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
    this.#waiting.delete(one)
  }

  /** Answers everybody who waits, and lets nobody wait any more. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    for (const { wake } of this.#waiting) wake()
  }

  #wakeThoseWithNews(): void {
    for (const { isNews, wake } of this.#waiting) if (isNews()) wake()
  }
}
