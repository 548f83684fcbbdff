import { type FileHandle, open, rename } from 'node:fs/promises'

export interface RotatingFileOptions {
  readonly path: string
  /** Bytes after which it is renamed to `<path>.1` and started anew; a longer line has a file for itself. */
  readonly maxSize: number
  /** Called with the number of lines that were lost, because nothing could be written or too many waited. */
  readonly onLost: (lines: number) => void
}

const MAX_WAITING_BYTES = 16 * 1_048_576
const MAX_BATCH_BYTES = 262_144

/** A file of lines that is written in the background, at most twice `maxSize` with the one before it. */
export class RotatingFile {
  readonly #options: RotatingFileOptions
  #file: FileHandle | null
  #size: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #writing: Promise<void> | null = null
  #closed = false

  private constructor(options: RotatingFileOptions, file: FileHandle, size: number) {
    this.#options = options
    this.#file = file
    this.#size = size
  }

  /** Rejects as `open` does when the file cannot be written. */
  static async open(options: RotatingFileOptions): Promise<RotatingFile> {
    const file = await openToAppend(options.path)
    return new RotatingFile(options, file, (await file.stat()).size)
  }

  /** Queues a line, its newline included; it is lost when too much waits already, and after `close`. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#closed || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#options.onLost(1)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#writing ??= this.#writeAll()
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#file?.close()
    this.#file = null
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#takeBatch()
      try {
        await this.#append(Buffer.concat(lines))
      } catch {
        // A full disk stops no decision: these lines are counted as lost, and the next batch opens the file again.
        this.#options.onLost(lines.length)
        await this.#file?.close().catch(() => {})
        this.#file = null
      }
    }
    this.#writing = null
  }

  #takeBatch(): Buffer[] {
    const most = Math.min(MAX_BATCH_BYTES, this.#options.maxSize)
    let bytes = 0
    let count = 0
    for (const line of this.#waiting) {
      if (count > 0 && bytes + line.length > most) break
      bytes += line.length
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  async #append(batch: Buffer): Promise<void> {
    const { path, maxSize } = this.#options
    if (this.#file === null) {
      this.#file = await openToAppend(path)
      this.#size = (await this.#file.stat()).size
    }
    if (this.#size > 0 && this.#size + batch.length > maxSize) {
      await this.#file.close()
      this.#file = null
      await rename(path, `${path}.1`)
      this.#file = await openToAppend(path)
      this.#size = 0
    }
    await this.#file.appendFile(batch)
    this.#size += batch.length
  }
}

/** Others must not read who talks to whom. */
function openToAppend(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}
