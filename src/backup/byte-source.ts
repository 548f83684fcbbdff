/** Bytes that come in pieces of any size, taken in pieces of a wanted size; holds no more than one of each. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  #isOver = false

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** The next `count` bytes; fewer only where the source ends. */
  async take(count: number): Promise<Buffer> {
    await this.#fill(count)
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(taken.length)
    return taken
  }

  /** The next `count` bytes, at most `step` at a time; fewer only where the source ends. */
  async *pieces(count: number, step: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      const piece = await this.take(Math.min(left, step))
      if (piece.length === 0) return
      left -= piece.length
      yield piece
    }
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    await this.#fill(1)
    return this.#held.length === 0
  }

  /** Lets go of what was not taken. */
  async close(): Promise<void> {
    if (!this.#isOver) await this.#pieces.return?.()
    this.#isOver = true
  }

  async #fill(count: number): Promise<void> {
    const parts: Uint8Array[] = [this.#held]
    for (let length = this.#held.length; length < count && !this.#isOver; ) {
      const { done, value } = await this.#pieces.next()
      if (done === true) this.#isOver = true
      else {
        parts.push(value)
        length += value.length
      }
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts)
  }
}
