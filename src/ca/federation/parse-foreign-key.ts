import type { KeyObject } from 'node:crypto'
import { toKeySet } from '../../identity/verification-key.ts'

/** A key that JWT-SVIDs of a foreign trust domain are verified with, by those whom it is handed on to. */
export interface ForeignKey {
  readonly kid: string
  readonly publicKey: KeyObject
}

/**
 * The key of a `jwt-svid` entry; null for one that verifies nothing, or has no `kid` to be found by (J-14, J-17). What it
 * is used with is the choice of those who verify, so an `alg` that is not one of ours does not keep it from them (B-14).
 */
export function toForeignKey({ use: _use, alg: _alg, ...jwk }: Readonly<Record<string, unknown>>): ForeignKey | null {
  const [key] = toKeySet({ keys: [jwk] }).keys
  if (key?.kid === undefined || key.kid === '') return null
  return { kid: key.kid, publicKey: key.publicKey }
}
