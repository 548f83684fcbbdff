import { AppError, type ErrorCode } from '../kernel/errors.ts'
import { headerSize, lengthAt, problemOfDer } from './der-check.ts'

/** What a reader refuses with, how deep elements may nest (null: no limit), and which bytes it reads (all, unless said). */
export interface DerOptions {
  readonly code: ErrorCode
  readonly maxDepth: number | null
  readonly at?: number
  readonly end?: number
}

/**
 * A cursor over DER: offsets into one buffer and no tree. Throws `AppError` with the code it was opened with.
 * All of the range is checked when it is opened (`problemOfDer`), so what is read afterwards lies inside what holds it.
 */
export class DerReader {
  readonly bytes: Buffer
  /** The next unread byte. */
  at: number
  /** Where the element that is being read ends. */
  end: number
  /** The last element: its first byte, the first byte of its contents, and the first byte behind it. */
  head = 0
  start = 0
  stop = 0
  readonly #code: ErrorCode
  readonly #maxDepth: number

  constructor(bytes: Buffer, options: DerOptions) {
    this.bytes = bytes
    this.at = options.at ?? 0
    this.end = options.end ?? bytes.length
    this.#code = options.code
    this.#maxDepth = options.maxDepth ?? Number.POSITIVE_INFINITY
    this.#check()
  }

  /** The tag of the next element; 0 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? 0) : 0
  }

  /** Steps over the next element, which must have `tag`. */
  read(tag: number, what: string): void {
    if (this.peek() !== tag) this.fail(`${what} is missing or of another type`)
    this.head = this.at
    this.start = this.at + headerSize(this.bytes, this.at)
    this.stop = this.start + lengthAt(this.bytes, this.at)
    this.at = this.stop
  }

  /** Steps into the next element, which must have `tag`; the answer belongs to `leave`. */
  enter(tag: number, what: string): number {
    this.read(tag, what)
    return this.#into(this.start)
  }

  /** Steps into the DER inside the OCTET STRING that was read last; the answer belongs to `leave`. */
  enterOctets(): number {
    const outer = this.#into(this.start)
    this.#check()
    return outer
  }

  /** Steps into the DER inside the BIT STRING that was read last; the answer belongs to `leave`. */
  enterBits(what: string): number {
    if (this.bytes[this.start] !== 0) this.fail(`${what} is not whole octets`)
    const outer = this.#into(this.start + 1)
    this.#check()
    return outer
  }

  /** Steps out of an element, all of which must have been read. */
  leave(outer: number, what: string): void {
    if (this.at !== this.end) this.fail(`${what} holds more than it may`)
    this.end = outer
  }

  /** Whether the contents of the last element are `expected`. */
  hasContents(expected: Buffer): boolean {
    return this.stop - this.start === expected.length && this.#equals(this.start, expected)
  }

  /** Whether the last element, header and contents, is `expected`. */
  isElement(expected: Buffer): boolean {
    return this.stop - this.head === expected.length && this.#equals(this.head, expected)
  }

  fail(problem: string): never {
    throw new AppError(this.#code, `malformed DER: ${problem}`)
  }

  #into(start: number): number {
    const outer = this.end
    this.at = start
    this.end = this.stop
    return outer
  }

  #check(): void {
    const problem = problemOfDer(this.bytes, this, this.#maxDepth)
    if (problem !== null) this.fail(problem)
  }

  #equals(at: number, expected: Buffer): boolean {
    for (let i = 0; i < expected.length; i++) if (this.bytes[at + i] !== expected[i]) return false
    return true
  }
}
