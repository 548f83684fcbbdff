import type { Log } from '../kernel/log.ts'

const PROBE_EVERY_MS = 1000

/** Whether writing works; `reason` for people, null when it does. */
export interface StoreHealth {
  readonly ok: boolean
  readonly reason: string | null
}

/** Red from a failed write until one succeeds. Nobody may ask while it is red, so it asks itself, by a probe. */
export class WriteHealth {
  readonly #probe: () => Promise<unknown>
  readonly #log: Log
  #problem: string | null = null
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(probe: () => Promise<unknown>, log: Log) {
    this.#probe = probe
    this.#log = log
  }

  current(): StoreHealth {
    return { ok: this.#problem === null, reason: this.#problem }
  }

  fails(reason: string): void {
    if (this.#problem === null) this.#log.error('store.unhealthy', { reason })
    this.#problem = reason
    this.#probeAfter(PROBE_EVERY_MS)
  }

  works(): void {
    if (this.#problem !== null) this.#log.info('store.recovered')
    this.#problem = null
  }

  probeNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#probeAfter(0)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #probeAfter(milliseconds: number): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => void this.#run(), milliseconds)
  }

  async #run(): Promise<void> {
    this.#timer = null
    if (this.#problem === null) return
    try {
      await this.#probe()
      this.works()
    } catch (error) {
      this.#log.debug('store.still_unhealthy', { error })
      this.#probeAfter(PROBE_EVERY_MS)
    }
  }
}
