import { AppError } from '../../kernel/errors.ts'
import type { WatchedBundle } from './deps.ts'

/** How long somebody waits for which bundle. */
export interface BundleWait {
  /** The newest sequence that the client has. */
  readonly after: number
  readonly milliseconds: number
  /** Ends the wait when the client goes away. */
  readonly signal: AbortSignal
}

/** Each holds a request and a connection. */
const MAX_WAITERS = 10_000

/** Those who wait for the next bundle on one listener, at most 10,000. */
export class BundleWaiters {
  readonly #bundle: WatchedBundle
  readonly #limit: number
  readonly #waiting = new Set<{ readonly after: number; readonly wake: () => void }>()
  readonly #stopWatching: () => void
  #isClosed = false

  constructor(bundle: WatchedBundle, limit = MAX_WAITERS) {
    this.#bundle = bundle
    this.#limit = limit
    this.#stopWatching = bundle.onChange(() => this.#wake((after) => this.#isNews(after)))
  }

  /** Resolves as soon as there is a newer bundle, and at the end of the wait; `limit.queue` when too many wait. */
  async wait({ after, milliseconds, signal }: BundleWait): Promise<void> {
    if (this.#isNews(after) || milliseconds === 0 || this.#isClosed || signal.aborted) return
    if (this.#waiting.size >= this.#limit) {
      throw new AppError('limit.queue', 'too many wait for the next bundle: ask without `wait`', {
        retryAfterSeconds: 60,
      })
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = { after, wake: resolve }
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
    this.#stopWatching()
    this.#wake(() => true)
  }

  #isNews(after: number): boolean {
    return this.#bundle.current().sequence > after
  }

  #wake(isMeant: (after: number) => boolean): void {
    for (const { after, wake } of this.#waiting) if (isMeant(after)) wake()
  }
}
