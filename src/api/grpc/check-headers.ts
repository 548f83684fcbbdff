import type { Headers } from '../../policy/request.ts'
import { malformed, type WireReader } from './wire-reader.ts'

const COLON = 0x3a
const MAX_FIELDS = 4096
/** Numbers that are kept of one field: start and end of its name and of its value. */
const STRIDE = 4

/** Header fields of a `CheckRequest`, left where they are in the message until somebody asks for one. */
export class CheckHeaders implements Headers {
  /** Of `headers`, where Envoy joins repeated fields; not of `header_map`. */
  readonly joined: boolean
  readonly #bytes: Buffer
  readonly #offsets: number[] = []

  constructor(bytes: Buffer, joined: boolean) {
    this.#bytes = bytes
    this.joined = joined
  }

  get size(): number {
    return this.#offsets.length / STRIDE
  }

  /**
   * Reads an entry of `headers` (key 1, value 2) or a `HeaderValue` of `header_map`, which has `raw_value` (3) instead
   * where it was sent raw.
   */
  add(field: WireReader): void {
    let [nameStart, nameEnd, start, end] = [0, 0, 0, 0]
    let isRaw = false
    while (!field.done) {
      const tag = field.tag()
      const number = tag >>> 3
      if (number === 1) {
        nameStart = field.string(tag, 'header name')
        nameEnd = field.at
      } else if (number === 2 || number === 3) {
        const at = field.string(tag, 'header value')
        if (isRaw && number === 2) continue
        isRaw ||= number === 3 && field.at > at
        if (isRaw || number === 2) [start, end] = [at, field.at]
      } else field.passOver(tag)
    }
    if (this.size >= MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} header fields`)
    this.#offsets.push(nameStart, nameEnd, start, end)
  }

  values(name: string): readonly string[] {
    const found: string[] = []
    if (name.charCodeAt(0) === COLON) return found
    for (let at = 0; at < this.#offsets.length; at += STRIDE) if (this.#isNamed(at, name)) found.push(this.#value(at))
    return found
  }

  *entries(): Iterable<readonly [string, string]> {
    for (let at = 0; at < this.#offsets.length; at += STRIDE) {
      const [start = 0, end = 0] = [this.#offsets[at], this.#offsets[at + 1]]
      if (this.#bytes[start] === COLON) continue // pseudo-headers (RFC 9113 §8.3) have fields of their own
      yield [this.#bytes.toString('utf8', start, end), this.#value(at)]
    }
  }

  /** Whether a field is there, pseudo-headers included. */
  has(name: string): boolean {
    for (let at = 0; at < this.#offsets.length; at += STRIDE) if (this.#isNamed(at, name)) return true
    return false
  }

  #value(at: number): string {
    return this.#bytes.toString('utf8', this.#offsets[at + 2], this.#offsets[at + 3])
  }

  /** `name` is in lower case; what was sent may not be. */
  #isNamed(at: number, name: string): boolean {
    const start = this.#offsets[at] ?? 0
    if ((this.#offsets[at + 1] ?? 0) - start !== name.length) return false
    for (let i = 0; i < name.length; i++) {
      const byte = this.#bytes[start + i] ?? 0
      const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      if (lower !== name.charCodeAt(i)) return false
    }
    return true
  }
}
