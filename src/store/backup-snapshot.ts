import { type FileHandle, open } from 'node:fs/promises'
import type { HeldFile } from './backup-checkpoints.ts'

const PIECE_BYTES = 262_144

/** The database as it was at one moment, read while the store goes on. */
export interface Snapshot {
  /** Bytes. */
  readonly size: number
  /** The database file; what is read counts only when `release` then says so. */
  read(): AsyncGenerator<Buffer>
  /** Lets the store change its file again; whether it was unchanged up to now. Safe to call again. */
  release(): Promise<boolean>
}

/** How the file is held, by the thread that writes it; a holder is a number of its own, also after that thread died. */
export interface FileHold {
  hold(holder: number): Promise<HeldFile>
  release(holder: number): Promise<boolean>
}

/**
 * Reads the database file beside SQLite. Its descriptor is kept until the database is closed: closing any descriptor
 * of a file drops all of the process's locks on it (fcntl(2); sqlite.org/howtocorrupt.html §2.2), and with them what
 * keeps other processes away from the database.
 */
export class Snapshots {
  readonly #file: string
  readonly #hold: FileHold
  #handle: FileHandle | null = null
  #lastHolder = 0

  constructor(file: string, hold: FileHold) {
    this.#file = file
    this.#hold = hold
  }

  async open(): Promise<Snapshot> {
    const holder = ++this.#lastHolder
    const { size } = await this.#hold.hold(holder) // before the file is opened: it lets one in at a time
    const handle = await this.#openFile(holder)
    let released: Promise<boolean> | null = null
    return {
      size,
      read: () => readPieces(handle, size),
      release: () => {
        released ??= this.#hold.release(holder)
        return released
      },
    }
  }

  /** After the database was closed. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  async #openFile(holder: number): Promise<FileHandle> {
    try {
      this.#handle ??= await open(this.#file, 'r')
      return this.#handle
    } catch (error) {
      await this.#hold.release(holder)
      throw error
    }
  }
}

async function* readPieces(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const length = Math.min(PIECE_BYTES, size - at)
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) throw new Error('the database file became shorter while it was held')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
