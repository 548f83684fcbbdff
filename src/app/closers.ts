import type { Log } from '../kernel/log.ts'

interface Closer {
  readonly part: string
  readonly close: () => void | Promise<void>
}

/** What was opened so far, to be closed again at the stop, or when the start fails half way. */
export class Closers {
  readonly #log: Log
  #open: readonly Closer[] = []

  constructor(log: Log) {
    this.#log = log
  }

  add(part: string, close: Closer['close']): void {
    this.#open = [{ part, close }, ...this.#open]
  }

  /** Closes all, the last that was opened first, as it may need the others; gives what failed, which is in the log. */
  async close(): Promise<readonly unknown[]> {
    const open = this.#open
    this.#open = []
    const failures: unknown[] = []
    for (const { part, close } of open) {
      try {
        await close()
      } catch (error) {
        this.#log.error('service.part_not_closed', { part, error })
        failures.push(error)
      }
    }
    return failures
  }
}
