import type { UnixSeconds } from '../../kernel/clock.ts'

/** A draft that must not be signed: a bug of ours, so it leaves the process as `internal`. */
export class LintError extends TypeError {
  override name = 'LintError'
}

/** Throws the `LintError` that says what is wrong. */
export function fail(message: string): never {
  throw new LintError(`the draft of a certificate must not be signed: ${message}`)
}

/** Walks definite-length DER; `start`…`next` are the contents of the last element, `whole` its first byte. */
export class Cursor {
  readonly #der: Buffer
  whole = 0
  start = 0
  next = 0

  constructor(der: Buffer) {
    this.#der = der
  }

  /** Reads a header and steps over the contents; the length of the contents. */
  bytes(tag: number, what: string): number {
    const length = this.#header(tag, what)
    this.next = this.start + length
    if (this.next > this.#der.length) fail(`${what} is cut off`)
    return length
  }

  /** Reads a header and steps into the contents; the offset of their end. */
  enter(tag: number, what: string): number {
    const length = this.#header(tag, what)
    this.next = this.start
    if (this.start + length > this.#der.length) fail(`${what} is cut off`)
    return this.start + length
  }

  /** Whether the last element, header and contents, is `expected`. */
  isElement(expected: Buffer): boolean {
    return expected.equals(this.#der.subarray(this.whole, this.next))
  }

  /** Reads a UTCTime or GeneralizedTime. */
  time(what: string): UnixSeconds {
    const der = this.#der
    const utc = der[this.next] === 0x17
    if (this.bytes(utc ? 0x17 : 0x18, what) !== (utc ? 13 : 15)) fail(`${what} is malformed`)
    const d = (i: number) => ((der[this.start + i] ?? 0) - 48) * 10 + ((der[this.start + i + 1] ?? 0) - 48)
    const year = utc ? (d(0) < 50 ? 2000 : 1900) + d(0) : d(0) * 100 + d(2)
    const o = utc ? 2 : 4
    return Date.UTC(year, d(o) - 1, d(o + 2), d(o + 4), d(o + 6), d(o + 8)) / 1000
  }

  #header(tag: number, what: string): number {
    const der = this.#der
    this.whole = this.next
    if (der[this.next] !== tag) fail(`${what} is missing`)
    const first = der[this.next + 1] ?? 0x80
    if (first < 0x80) {
      this.start = this.next + 2
      return first
    }
    const octets = first & 0x7f
    if (octets === 0 || octets > 2) fail(`${what} has a length we never write`)
    this.start = this.next + 2 + octets
    return octets === 1 ? (der[this.next + 2] ?? 0) : ((der[this.next + 2] ?? 0) << 8) | (der[this.next + 3] ?? 0)
  }
}
