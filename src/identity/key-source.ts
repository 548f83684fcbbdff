import type { JwtAlgorithm } from './jwt-algorithms.ts'
import type { KeySet, VerificationKey } from './verification-key.ts'

/** Where the keys of one issuer come from. */
export interface KeySource {
  /** Grows whenever the set of keys changes. */
  readonly version: number
  /**
   * The keys that a token with this `kid` and `alg` may be signed with; an absent `kid` fits keys without one alone
   * (hostile 56). An unknown `kid` may cause a refresh. Rejects with `auth.keys_unavailable` when nobody can tell.
   */
  candidates(
    kid: string | undefined,
    alg: JwtAlgorithm,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]>
  close(): void
}

/** Keys that stand in the configuration. */
export function toStaticKeys(keySet: KeySet): KeySource {
  return {
    version: 0,
    candidates: (kid, alg) => usableFor(withKid(keySet.keys, kid), alg),
    close() {},
  }
}

export function withKid(keys: readonly VerificationKey[], kid: string | undefined): readonly VerificationKey[] {
  return keys.filter((key) => key.kid === kid)
}

export function usableFor(keys: readonly VerificationKey[], alg: JwtAlgorithm): readonly VerificationKey[] {
  return keys.filter((key) => key.algorithms.includes(alg))
}
