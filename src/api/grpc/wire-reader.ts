import { isUtf8 } from 'node:buffer'
import { AppError } from '../../kernel/errors.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const SHORT = 64

/**
 * The protobuf wire format between two offsets, for decoders that read what they need and copy nothing else. Throws
 * `request.malformed` for what is no message, for a wrong wire type and for text that is not UTF-8.
 */
export class WireReader {
  readonly bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** The next field's number and wire type; the number is `tag >>> 3`. */
  tag(): number {
    const tag = this.#varint()
    if (tag < 8 || tag > 0xffffffff) throw malformed('a bad field number')
    return tag
  }

  /** Passes over a length-delimited field and returns where it starts; it ends at `at`. */
  delimited(tag: number, name: string): number {
    if ((tag & 7) !== BYTES) throw malformed(`\`${name}\` has a wrong wire type`)
    const length = this.#varint()
    const start = this.at
    this.#advance(length)
    return start
  }

  /** As `delimited`, for a field that must be UTF-8 (proto3 `string`). */
  string(tag: number, name: string): number {
    const start = this.delimited(tag, name)
    this.checkUtf8(start, name)
    return start
  }

  /** Throws unless the bytes from `start` to here are UTF-8. */
  checkUtf8(start: number, name: string): void {
    const { bytes, at } = this
    if (at - start <= SHORT) {
      let i = start
      while (i < at && (bytes[i] ?? 0) < 0x80) i++
      if (i === at) return
    }
    if (!isUtf8(bytes.subarray(start, at))) throw malformed(`\`${name}\` is not UTF-8`)
  }

  text(tag: number, name: string): string {
    const start = this.string(tag, name)
    return this.bytes.toString('utf8', start, this.at)
  }

  message(tag: number, name: string): WireReader {
    const start = this.delimited(tag, name)
    return new WireReader(this.bytes, start, this.at)
  }

  /** A signed 64-bit varint as a number; exact to 2^53, beyond that only its sign and size count. */
  int64(tag: number, name: string): number {
    if ((tag & 7) !== VARINT) throw malformed(`\`${name}\` has a wrong wire type`)
    return this.#varint()
  }

  /** Passes over a field that the reader has no name for, as proto3 demands of every parser; a group is malformed. */
  passOver(tag: number): void {
    const wire = tag & 7
    if (wire === VARINT) this.#varint()
    else if (wire === FIXED64) this.#advance(8)
    else if (wire === FIXED32) this.#advance(4)
    else if (wire === BYTES) this.#advance(this.#varint())
    else throw malformed('a group or an unknown wire type')
  }

  #advance(length: number): void {
    if (length < 0 || length > this.end - this.at) throw malformed('it is cut off')
    this.at += length
  }

  #varint(): number {
    const first = this.bytes[this.at]
    if (first !== undefined && first < 0x80 && this.at < this.end) {
      this.at++
      return first
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    let value = 0n
    let small = 0
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw malformed('it is cut off')
      const byte = this.bytes[this.at++] ?? 0
      if (i < 4) small += (byte & 0x7f) * 2 ** (7 * i)
      else value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value === 0n ? small : Number(BigInt.asIntN(64, value + BigInt(small)))
    }
    throw malformed('a varint is longer than ten bytes')
  }
}

/** The error for a message that protobuf, or its decoder, cannot read. */
export function malformed(what: string): AppError {
  return new AppError('request.malformed', `the message cannot be read: ${what}`)
}
