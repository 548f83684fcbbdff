import type { Headers } from '../../policy/request.ts'
import type { Mutations } from '../decide.ts'
import type { Location } from './locations.ts'
import { withoutParameter } from './query.ts'

/** The part of a request that tokens are found in. */
export interface JwtRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As sent, with its port. */
  readonly host: string
  /** Normalised, without its query. */
  readonly path: string
  /** With its `?`; empty when there is none. */
  readonly query: string
  readonly headers: Headers
}

/** A request while its tokens are verified: what one verified token removes or sets, the next rule sees. */
export class EditedRequest {
  readonly original: JwtRequest
  #removed: Set<string> | null = null
  #set: (readonly [name: string, value: string])[] = []
  #query: string
  #removedParams: string[] = []
  /** Null: to be laid over the original's again. */
  #headers: Headers | null

  constructor(original: JwtRequest) {
    this.original = original
    this.#query = original.query
    this.#headers = original.headers
  }

  get headers(): Headers {
    this.#headers ??= overlay(this.original.headers, this.#removed ?? NONE, this.#set)
    return this.#headers
  }

  get query(): string {
    return this.#query
  }

  /** All values of the field, also what was set; `name` is in lower case. */
  removeHeader(name: string): void {
    this.#removed ??= new Set()
    this.#removed.add(name)
    this.#set = this.#set.filter(([set]) => set !== name)
    this.#headers = null
  }

  /** What the client sent under the name; what a verified token has set stays. */
  removeSent(name: string): void {
    this.#removed ??= new Set()
    this.#removed.add(name)
    this.#headers = null
  }

  addHeader(name: string, value: string): void {
    this.#set.push([name, value])
    this.#headers = null
  }

  /** Takes a token out of the request; a cookie stays, as Envoy leaves it. */
  removeToken(at: Location): void {
    if (at.in === 'header') this.removeHeader(at.name)
    if (at.in !== 'param') return
    this.#query = withoutParameter(this.#query, at.name)
    this.#removedParams.push(at.name)
  }

  /** Null when nothing is to change. */
  get mutations(): Mutations | null {
    const { query, path } = this.original
    const untouched = this.#removed === null && this.#set.length === 0 && this.#removedParams.length === 0
    if (untouched) return null
    return {
      remove: [...(this.#removed ?? [])],
      set: this.#set,
      removeParams: this.#removedParams,
      path: this.#query === query ? null : path + this.#query,
    }
  }
}

const NONE: ReadonlySet<string> = new Set()

function overlay(
  base: Headers,
  removed: ReadonlySet<string>,
  set: readonly (readonly [name: string, value: string])[],
): Headers {
  return {
    joined: base.joined,
    values(name) {
      const kept = removed.has(name) ? [] : base.values(name)
      const added = set.filter(([field]) => field === name)
      return added.length === 0 ? kept : [...kept, ...added.map(([, value]) => value)]
    },
    *entries() {
      for (const entry of base.entries()) if (!removed.has(entry[0].toLowerCase())) yield entry
      yield* set
    },
  }
}
