import { hash } from 'node:crypto'
import type { AttestedCaller } from './evidence.ts'
import type { TokenLife } from './jwt-claims.ts'
import type { KeySource } from './key-source.ts'

/** A token whose signature and claims were good; its life and the keys' version are checked again at each use. */
export interface VerifiedToken {
  readonly caller: AttestedCaller
  readonly life: TokenLife
  readonly keys: KeySource
  readonly keysVersion: number
}

const GENERATION = 5_000

/**
 * Verified tokens by the SHA-256 of their text, so that no token stays in memory. Two generations of at most 5,000:
 * what was used lately moves to the younger one, the elder one is forgotten as a whole.
 */
export class VerifiedTokens {
  #young = new Map<string, VerifiedToken>()
  #old = new Map<string, VerifiedToken>()

  /** The key of a token in this cache. */
  static keyOf(token: string): string {
    return hash('sha256', token, 'base64url')
  }

  get(key: string): VerifiedToken | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, entry: VerifiedToken): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, entry)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
