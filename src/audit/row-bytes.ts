import { hash } from 'node:crypto'

const FIRST_CAPACITY = 4096
/** UTF-8 has three bytes at most for each unit of a JavaScript string. */
const BYTES_PER_UNIT = 3
const LENGTH_BYTES = 4
const NUMBER_BYTES = 8
const TWO_TO_32 = 0x1_0000_0000

/**
 * The canonical bytes of a row, in a buffer that is used again: whole numbers as 64 bits, two's complement, big-endian;
 * texts as UTF-8 and bytes as they are, both behind their length in 32 bits, big-endian. No two rows have the same bytes.
 */
export class RowBytes {
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY)
  #length = 0

  /** Begins a row with raw bytes of a known length. */
  begin(bytes: Uint8Array, tag: number): void {
    this.#length = 0
    this.#reserve(bytes.length + 1)
    this.#buffer.set(bytes, 0)
    this.#buffer[bytes.length] = tag
    this.#length = bytes.length + 1
  }

  number(value: number): void {
    this.#reserve(NUMBER_BYTES)
    this.#writeUInt32(Math.floor(value / TWO_TO_32))
    this.#writeUInt32(value)
  }

  text(value: string): void {
    this.#reserve(LENGTH_BYTES + value.length * BYTES_PER_UNIT)
    const length = this.#buffer.write(value, this.#length + LENGTH_BYTES)
    this.#writeUInt32(length)
    this.#length += length
  }

  bytes(value: Uint8Array): void {
    this.#reserve(LENGTH_BYTES + value.length)
    this.#writeUInt32(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  /** SHA-256 of everything since `begin`, 32 bytes. */
  digest(): Buffer {
    // By way of a string: a buffer from OpenSSL has memory of its own, which costs as much as the hash.
    return Buffer.from(hash('sha256', this.#buffer.subarray(0, this.#length), 'latin1'), 'latin1')
  }

  /** The low 32 bits, whatever the number. */
  #writeUInt32(value: number): void {
    const buffer = this.#buffer
    buffer[this.#length++] = value >>> 24
    buffer[this.#length++] = value >>> 16
    buffer[this.#length++] = value >>> 8
    buffer[this.#length++] = value
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + bytes
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}
