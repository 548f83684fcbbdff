const VARINT = 0
const FIXED64 = 1
const BYTES = 2

/**
 * Writes a protobuf message from its end to its beginning, so that the length of a submessage is known when its turn
 * comes: what stands first is written last.
 */
export class WireWriter {
  #bytes: Buffer
  #at: number

  constructor(capacity = 512) {
    this.#bytes = Buffer.allocUnsafe(capacity)
    this.#at = capacity
  }

  /** The message; the writer must not be used after it. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  /** proto3: an empty text is not written. */
  text(field: number, value: string): void {
    if (value === '') return
    const length = Buffer.byteLength(value)
    this.#reserve(length)
    this.#at -= length
    this.#bytes.write(value, this.#at, 'utf8')
    this.#prefix(field, length)
  }

  /** A number that is not negative; proto3: 0 is not written. */
  uint(field: number, value: number): void {
    if (value === 0) return
    this.#varint(value)
    this.#varint(field * 8 + VARINT)
  }

  /** Written even where it is 0, as members of a `oneof` are. */
  bool(field: number, value: boolean): void {
    this.#varint(value ? 1 : 0)
    this.#varint(field * 8 + VARINT)
  }

  /** Written even where it is 0. */
  double(field: number, value: number): void {
    this.#reserve(8)
    this.#at -= 8
    this.#bytes.writeDoubleLE(value, this.#at)
    this.#varint(field * 8 + FIXED64)
  }

  /** `write` writes the contents, from the last field to the first. */
  message(field: number, write: () => void): void {
    const before = this.#bytes.length - this.#at
    write()
    this.#prefix(field, this.#bytes.length - this.#at - before)
  }

  #prefix(field: number, length: number): void {
    this.#varint(length)
    this.#varint(field * 8 + BYTES)
  }

  #varint(value: number): void {
    this.#reserve(10)
    let size = 1
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++
    this.#at -= size
    let rest = value
    for (let i = 0; i < size - 1; i++) {
      this.#bytes[this.#at + i] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at + size - 1] = rest
  }

  #reserve(length: number): void {
    if (length <= this.#at) return
    const used = this.#bytes.length - this.#at
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length + length)
    this.#bytes.copy(larger, larger.length - used, this.#at)
    this.#at = larger.length - used
    this.#bytes = larger
  }
}
