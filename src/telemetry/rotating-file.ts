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
const NEWLINE = Buffer.from('\n')

/** A file of lines that is written in the background, at most twice `maxSize` with the one before it. */
export class RotatingFile {
  readonly #options: RotatingFileOptions
  #file: OpenFile | null
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #writing: Promise<void> | null = null
  #closed = false

  private constructor(options: RotatingFileOptions, file: OpenFile) {
    this.#options = options
    this.#file = file
  }

  /** Rejects as `open` does when the file cannot be written. */
  static async open(options: RotatingFileOptions): Promise<RotatingFile> {
    return new RotatingFile(options, await openToAppend(options.path))
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
    await this.#file?.handle.close()
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
        await this.#file?.handle.close().catch(() => {})
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
    this.#file ??= await openToAppend(path)
    if (this.#file.size > 0 && this.#file.size + NEWLINE.length + batch.length > maxSize) {
      const { handle } = this.#file
      this.#file = null
      await handle.close()
      await rename(path, `${path}.1`)
      this.#file = await openToAppend(path)
    }
    const { handle, size, isInLine } = this.#file
    const bytes = isInLine ? Buffer.concat([NEWLINE, batch]) : batch
    await handle.appendFile(bytes)
    this.#file = { handle, size: size + bytes.length, isInLine: false }
  }
}

interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
  /** A full disk or a crash has left half a line, which the next one must not go on with. */
  readonly isInLine: boolean
}

/** Others must not read who talks to whom. */
async function openToAppend(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a', 0o600)
  try {
    const { size } = await handle.stat()
    return { handle, size, isInLine: await endsInLine(path, size) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Whether the last of `size` bytes is no newline; pipes and devices have none. */
async function endsInLine(path: string, size: number): Promise<boolean> {
  if (size === 0) return false
  const handle = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return bytesRead === 1 && !buffer.equals(NEWLINE)
  } finally {
    await handle.close()
  }
}
