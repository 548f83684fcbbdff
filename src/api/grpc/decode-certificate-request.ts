import { isUtf8 } from 'node:buffer'
import { AppError } from '../../kernel/errors.ts'

/** What is read of an `IstioCertificateRequest`. */
export interface CertificateRequest {
  readonly csr: string
  /** Seconds as sent: 0 when absent, clamped to ±2^53. */
  readonly validityDuration: number
  /** `ImpersonatedIdentity` of the metadata, empty when absent. */
  readonly impersonatedIdentity: string
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const MAX_DEPTH = 16

/**
 * Reads the request, throws `request.malformed` for a wrong wire type or bad UTF-8 in a field that we know, and passes
 * over unknown fields (proto3). grpc-js would answer INTERNAL for what a generated decoder throws.
 */
export function decodeCertificateRequest(bytes: Buffer): CertificateRequest {
  const reader = new Reader(bytes)
  let csr = ''
  let validityDuration = 0
  let impersonatedIdentity = ''
  while (reader.at < reader.end) {
    const tag = reader.tag()
    const field = tag >>> 3
    if (field === 1) csr = reader.text(tag, 'csr')
    else if (field === 3) validityDuration = reader.int64(tag, 'validity_duration')
    else if (field === 4) impersonatedIdentity = readMetadata(reader.message(tag, 'metadata'), impersonatedIdentity)
    else reader.skip(tag)
  }
  return { csr, validityDuration, impersonatedIdentity }
}

/** A `google.protobuf.Struct`: map entries of which one counts; all are checked. */
function readMetadata(struct: Reader, before: string): string {
  let found = before
  while (struct.at < struct.end) {
    const tag = struct.tag()
    if (tag >>> 3 !== 1) {
      struct.skip(tag)
      continue
    }
    const entry = struct.message(tag, 'metadata')
    const [key, value] = readEntry(entry, 1)
    if (key !== 'ImpersonatedIdentity') continue
    if (value === null) throw malformed('`ImpersonatedIdentity` is not a string')
    found = value
  }
  return found
}

/** Key and string value of a map entry; null for a value of another kind. */
function readEntry(entry: Reader, depth: number): readonly [string, string | null] {
  let key = ''
  let value: string | null = null
  while (entry.at < entry.end) {
    const tag = entry.tag()
    const field = tag >>> 3
    if (field === 1) key = entry.text(tag, 'metadata key')
    else if (field === 2) value = readValue(entry.message(tag, 'metadata value'), depth)
    else entry.skip(tag)
  }
  return [key, value]
}

function readValue(value: Reader, depth: number): string | null {
  if (depth > MAX_DEPTH) throw malformed('`metadata` is nested too deeply')
  let text: string | null = null
  while (value.at < value.end) {
    const tag = value.tag()
    const field = tag >>> 3
    text = null
    if (field === 3) text = value.text(tag, 'metadata value')
    else if (field === 1 || field === 4) value.int64(tag, 'metadata value')
    else if (field === 5) checkStruct(value.message(tag, 'metadata value'), depth + 1)
    else if (field === 6) checkList(value.message(tag, 'metadata value'), depth + 1)
    else value.skip(tag)
  }
  return text
}

function checkStruct(struct: Reader, depth: number): void {
  while (struct.at < struct.end) {
    const tag = struct.tag()
    if (tag >>> 3 === 1) readEntry(struct.message(tag, 'metadata value'), depth)
    else struct.skip(tag)
  }
}

function checkList(list: Reader, depth: number): void {
  while (list.at < list.end) {
    const tag = list.tag()
    if (tag >>> 3 === 1) readValue(list.message(tag, 'metadata value'), depth)
    else list.skip(tag)
  }
}

function malformed(what: string): AppError {
  return new AppError('request.malformed', `the request is not an IstioCertificateRequest: ${what}`)
}

/** The protobuf wire format between two offsets. */
class Reader {
  readonly #bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes
    this.at = at
    this.end = end
  }

  tag(): number {
    const tag = this.#varint()
    if (tag < 8 || tag > 0xffffffff) throw malformed('a bad field number')
    return tag
  }

  text(tag: number, name: string): string {
    const start = this.#bounds(tag, name)
    const bytes = this.#bytes.subarray(start, this.at)
    if (!isUtf8(bytes)) throw malformed(`\`${name}\` is not UTF-8`)
    return bytes.toString('utf8')
  }

  message(tag: number, name: string): Reader {
    const start = this.#bounds(tag, name)
    return new Reader(this.#bytes, start, this.at)
  }

  int64(tag: number, name: string): number {
    if ((tag & 7) !== VARINT) throw malformed(`\`${name}\` has a wrong wire type`)
    return this.#varint()
  }

  skip(tag: number): void {
    const wire = tag & 7
    if (wire === VARINT) this.#varint()
    else if (wire === FIXED64) this.#advance(8)
    else if (wire === FIXED32) this.#advance(4)
    else if (wire === BYTES) this.#advance(this.#varint())
    else throw malformed('a group or an unknown wire type')
  }

  #bounds(tag: number, name: string): number {
    if ((tag & 7) !== BYTES) throw malformed(`\`${name}\` has a wrong wire type`)
    const length = this.#varint()
    const start = this.at
    this.#advance(length)
    return start
  }

  #advance(length: number): void {
    if (length < 0 || length > this.end - this.at) throw malformed('it is cut off')
    this.at += length
  }

  /** A signed 64-bit varint as a number; exact to 2^53, beyond that only its sign and size count. */
  #varint(): number {
    let value = 0n
    let small = 0
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw malformed('it is cut off')
      const byte = this.#bytes[this.at++] ?? 0
      if (i < 4) small += (byte & 0x7f) * 2 ** (7 * i)
      else value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value === 0n ? small : Number(BigInt.asIntN(64, value + BigInt(small)))
    }
    throw malformed('a varint is longer than ten bytes')
  }
}
