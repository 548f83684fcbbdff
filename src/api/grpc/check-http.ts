import type { HttpRequest } from '../../policy/request.ts'
import { CheckHeaders } from './check-headers.ts'
import type { WireReader } from './wire-reader.ts'

/** Collects `AttributeContext.HttpRequest`, which the wire may give in several pieces. */
export class HttpAttributes {
  readonly #joined: CheckHeaders
  readonly #raw: CheckHeaders
  #present = false
  #method = ''
  #path = ''
  #host = ''

  constructor(bytes: Buffer) {
    this.#joined = new CheckHeaders(bytes, true)
    this.#raw = new CheckHeaders(bytes, false)
  }

  read(http: WireReader): void {
    this.#present = true
    while (!http.done) {
      const tag = http.tag()
      const field = tag >>> 3
      if (field === 2) this.#method = http.text(tag, 'method')
      else if (field === 3) this.#joined.add(http.message(tag, 'headers'))
      else if (field === 4) this.#path = http.text(tag, 'path')
      else if (field === 5) this.#host = http.text(tag, 'host')
      else if (field === 13) this.#readHeaderMap(http.message(tag, 'header_map'))
      else http.passOver(tag)
    }
  }

  /** An empty host is one that was sent empty only where `:authority` is there. */
  toRequest(): HttpRequest | null {
    if (!this.#present) return null
    const headers = this.#raw.size > 0 ? this.#raw : this.#joined
    const host = this.#host === '' && !headers.has(':authority') ? null : this.#host
    return { method: this.#method, target: this.#path, host, headers }
  }

  #readHeaderMap(map: WireReader): void {
    while (!map.done) {
      const tag = map.tag()
      if (tag >>> 3 === 1) this.#raw.add(map.message(tag, 'header_map'))
      else map.passOver(tag)
    }
  }
}
