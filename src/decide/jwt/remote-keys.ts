import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { JwkSet } from './jwk-set.ts'

export interface RemoteKeysDeps {
  /** For the log. */
  readonly address: string
  /** Rejects when the keys cannot be had. */
  readonly load: (closing: AbortSignal) => Promise<JwkSet>
  readonly clock: Clock
  readonly log: Log
  readonly onFailure?: () => void
}

/** istiod's interval. */
const REFRESH_MS = 20 * 60_000
const FIRST_RETRY_MS = 1_000
/** Least time between two fetches that tokens with unknown keys cause. */
const COOLDOWN_MS = 10_000
/** How long keys outlive the last fetch that went well. */
const KEEP_MS = 86_400_000

/** Keys that are fetched at once, again every 20 minutes, sooner after a failure; the last good ones serve meanwhile. */
export class RemoteKeys {
  readonly #deps: RemoteKeysDeps
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #keys: JwkSet | null = null
  #text = ''
  #loadedAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #loading: Promise<void> | null = null

  constructor(deps: RemoteKeysDeps) {
    this.#deps = deps
    void this.#refresh()
  }

  /** The same object until the keys change; null when there are none, or none young enough. */
  get current(): JwkSet | null {
    const age = this.#deps.clock.monotonic() - this.#loadedAt
    return age <= KEEP_MS ? this.#keys : null
  }

  /** Never rejects; at most one fetch runs, and unknown keys cause one every ten seconds at most. */
  async currentFor(suffices: (keys: JwkSet) => boolean): Promise<JwkSet | null> {
    const known = this.current
    if (known !== null && suffices(known)) return known
    const now = this.#deps.clock.monotonic()
    if (this.#loading !== null) await this.#loading
    else if (now - this.#askedAt >= COOLDOWN_MS) {
      this.#askedAt = now
      await this.#refresh()
    }
    return this.current
  }

  close(): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
  }

  #refresh(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    clearTimeout(this.#timer)
    const { load, log, address, clock } = this.#deps
    try {
      this.#take(await load(this.#closing.signal))
      this.#loadedAt = clock.monotonic()
      if (this.#failures > 0) log.info('jwks.available', { address })
      this.#failures = 0
    } catch (error) {
      if (this.#closing.signal.aborted) return
      if (this.#failures === 0) log.warn('jwks.refresh_failed', { address, reason: reasonOf(error) })
      this.#failures++
      this.#deps.onFailure?.()
    }
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => void this.#refresh(), this.#nextMs()).unref()
  }

  /** Twice as long after each failure. */
  #nextMs(): number {
    if (this.#failures === 0) return REFRESH_MS
    return Math.min(REFRESH_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 30))
  }

  #take(keys: JwkSet): void {
    const text = JSON.stringify(keys)
    if (text === this.#text && this.#keys !== null) return
    this.#keys = keys
    this.#text = text
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
