import { hash } from 'node:crypto'
import type { JwkSet } from './jwk-set.ts'
import type { JwtFailure } from './jwt-failure.ts'
import type { Jwt } from './parse-jwt.ts'
import type { Known, Verdict } from './run-jwt.ts'

interface Judged {
  /** The verdict is theirs alone: keys that have changed are another set. */
  readonly keys: JwkSet
  readonly failure: JwtFailure | null
}

interface Kept {
  readonly jwt: Jwt
  readonly judged: readonly Judged[]
  /** Length of the token. */
  readonly size: number
}

export interface VerdictLimits {
  readonly entries: number
  /** Of the tokens, as text; what was parsed from one is a small multiple of it. */
  readonly bytes: number
  readonly seconds: number
}

/** Rules with one issuer and several sets of keys judge the same token, each for itself. */
const MAX_SETS = 8

/**
 * Verdicts by the SHA-256 of the token's text, so that no token stays in memory. Two generations: what was used lately
 * moves to the younger one, the elder one is forgotten as a whole when the younger is full or its time is over, so
 * memory is bounded by twice the limits.
 */
export class VerdictCache {
  readonly #limits: VerdictLimits
  #young = new Map<string, Kept>()
  #old = new Map<string, Kept>()
  #bytes = 0
  #since = Number.NEGATIVE_INFINITY

  constructor(limits: VerdictLimits) {
    this.#limits = limits
  }

  /** The key of a token in this cache. */
  static keyOf(token: string): string {
    return hash('sha256', token, 'base64url')
  }

  /** What `keys` say of the token; of one that only others have judged, what was read from it. */
  find(keys: JwkSet | null, key: string, nowSeconds: number): Known | undefined {
    if (nowSeconds - this.#since >= this.#limits.seconds) this.#turn(nowSeconds)
    const young = this.#young.get(key)
    const kept = young ?? this.#old.get(key)
    if (kept === undefined) return undefined
    if (young === undefined) this.#put(key, kept, nowSeconds)
    const { jwt, judged } = kept
    for (const one of judged) if (one.keys === keys) return { jwt, failure: one.failure }
    return { jwt, failure: undefined }
  }

  set(token: string, { jwt, failure }: Verdict, by: { readonly keys: JwkSet; readonly nowSeconds: number }): void {
    const { keys, nowSeconds } = by
    const key = VerdictCache.keyOf(token)
    const known = this.#young.get(key) ?? this.#old.get(key)
    const others = (known?.judged ?? []).filter((one) => one.keys !== keys)
    const judged = [{ keys, failure }, ...others].slice(0, MAX_SETS)
    this.#put(key, { jwt, judged, size: token.length }, nowSeconds)
  }

  #put(key: string, kept: Kept, nowSeconds: number): void {
    const { entries, bytes, seconds } = this.#limits
    const full = this.#young.size >= entries || this.#bytes + kept.size > bytes
    if (full || nowSeconds - this.#since >= seconds) this.#turn(nowSeconds)
    if (!this.#young.has(key)) this.#bytes += kept.size
    this.#young.set(key, kept)
  }

  /** After twice the time, nothing of either generation is of use. */
  #turn(nowSeconds: number): void {
    this.#old = nowSeconds - this.#since >= 2 * this.#limits.seconds ? new Map() : this.#young
    this.#young = new Map()
    this.#bytes = 0
    this.#since = nowSeconds
  }
}
