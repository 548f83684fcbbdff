import { type FSWatcher, watch } from 'node:fs'
import { realpath } from 'node:fs/promises'

/**
 * Tells when something may have changed below a directory. A hint and no more: links that lead elsewhere, network file
 * systems and a kernel without free watches are not heard, so who uses it looks by itself now and then.
 */
export class DirectoryEvents {
  readonly #directory: string
  readonly #onEvent: () => void
  #watcher: FSWatcher | null = null
  #real = ''

  constructor(directory: string, onEvent: () => void) {
    this.#directory = directory
    this.#onEvent = onEvent
  }

  /** Listens where the directory really is now: it may be a link that was swapped, or may not have been there. */
  async follow(): Promise<void> {
    const real = await realpath(this.#directory)
    if (real === this.#real && this.#watcher !== null) return
    this.close()
    this.#real = real
    this.#watcher = this.#listen(real)
  }

  /** Null when the kernel has no watch left: changes are then found by looking. */
  #listen(real: string): FSWatcher | null {
    try {
      const watcher = watch(real, { recursive: true, persistent: false }, this.#onEvent)
      watcher.on('error', () => this.close()) // the directory went away, or watches ran out: `follow` tries again
      return watcher
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) return null
      throw error
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
  }
}
