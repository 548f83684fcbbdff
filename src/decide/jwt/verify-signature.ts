import { type CryptoKey, compactVerify, errors, importJWK } from 'jose'
import { canVerify } from './algorithms.ts'
import type { Jwk, JwkSet } from './jwk-set.ts'
import type { JwtFailure } from './jwt-failure.ts'
import type { Jwt } from './parse-jwt.ts'

const ED25519_SIGNATURE_BYTES = 64

/** The keys that may have signed a token with this `kid` and `alg`, in Envoy's sense; whether they can is another matter. */
export function candidatesFor(jwt: Jwt, { keys }: JwkSet): readonly Jwk[] {
  return keys.filter(
    ({ kid, alg }) => (jwt.kid === '' || kid === '' || kid === jwt.kid) && (alg === '' || alg === jwt.alg),
  )
}

/** Tries the candidates one after the other; null: one of them has signed the token. */
export async function verifySignature(token: string, jwt: Jwt, keys: JwkSet): Promise<JwtFailure | null> {
  if (keys.keys.length === 0) return 'no_valid_keys'
  const candidates = candidatesFor(jwt, keys)
  if (candidates.length === 0) return 'no_matching_key'
  for (const jwk of candidates) {
    // as Envoy: no further key is tried then
    if (jwk.kind === 'ed25519' && jwt.signatureBytes !== ED25519_SIGNATURE_BYTES) return 'ed25519_length'
    if (canVerify(jwk.kind, jwk.alg, jwt.alg) && (await isSignedBy(jwk, token, jwt.alg))) return null
  }
  return 'signature_invalid'
}

async function isSignedBy(jwk: Jwk, token: string, alg: string): Promise<boolean> {
  const key = await importedKey(jwk, alg)
  if (key === null) return false
  try {
    await compactVerify(token, key, { algorithms: [alg] })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}

type ImportedKey = CryptoKey | Uint8Array | null
const imported = new WeakMap<Jwk, Map<string, Promise<ImportedKey>>>()

/** A CryptoKey serves one algorithm, so a key without `alg` is imported once for each that is asked for. */
function importedKey(jwk: Jwk, alg: string): Promise<ImportedKey> {
  const byAlgorithm = imported.get(jwk) ?? new Map<string, Promise<ImportedKey>>()
  imported.set(jwk, byAlgorithm)
  const known = byAlgorithm.get(alg)
  if (known !== undefined) return known
  // a point off its curve, say: Envoy drops such a key, so it verifies nothing
  const fresh = importJWK(jwk.material, alg).catch(() => null)
  byAlgorithm.set(alg, fresh)
  return fresh
}
