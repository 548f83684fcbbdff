import { createPublicKey, type KeyObject } from 'node:crypto'
import { isObject } from './jwt.ts'
import { ALGORITHMS_OF_KEY, type JwtAlgorithm, type JwtKeyKind } from './jwt-algorithms.ts'

/** A public key that tokens of one issuer may be signed with, and by which algorithms: never by the token's choice alone. */
export interface VerificationKey {
  readonly kid: string | undefined
  readonly algorithms: readonly JwtAlgorithm[]
  readonly publicKey: KeyObject
}

/** The usable keys of a JWK set, and why the others are not. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
  readonly skipped: readonly string[]
}

/** Thrown for a document that is no JWK set at all. */
export class KeySetError extends Error {
  override name = 'KeySetError'
}

const MAX_KEYS = 100
const RSA_BITS = { min: 2048, max: 4096 } as const
const EXPONENT_65537 = 'AQAB'

/** Reads a JWK set (RFC 7517 §5); a key that is of no use is skipped with its reason, as the standard wants. */
export function toKeySet(document: unknown): KeySet {
  if (!isObject(document) || !Array.isArray(document.keys)) throw new KeySetError('not a JWK set: `keys` is missing')
  if (document.keys.length > MAX_KEYS) throw new KeySetError(`a JWK set of more than ${MAX_KEYS} keys`)
  const keys: VerificationKey[] = []
  const skipped: string[] = []
  for (const [i, jwk] of document.keys.entries()) {
    const key = toVerificationKey(jwk)
    if (typeof key === 'string') skipped.push(`keys[${i}]: ${key}`)
    else keys.push(key)
  }
  return { keys, skipped }
}

/** The key, or why there is none. */
function toVerificationKey(jwk: unknown): VerificationKey | string {
  if (!isObject(jwk)) return 'not an object'
  const { kid, use, key_ops: operations, alg } = jwk
  if (kid !== undefined && typeof kid !== 'string') return '`kid` is not a string'
  if (use !== undefined && use !== 'sig') return '`use` is not `sig`'
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return '`key_ops` lacks `verify`'
  }
  if (Object.hasOwn(jwk, 'd')) return 'it is a private key'
  const kind = kindOf(jwk)
  if (kind === null) return 'its type is not RSA, EC P-256, P-384 or P-521, or Ed25519'
  const usable: readonly JwtAlgorithm[] = ALGORITHMS_OF_KEY[kind]
  const algorithms = alg === undefined ? usable : usable.filter((name) => name === alg)
  if (algorithms.length === 0) return '`alg` is not one for this type of key'
  const publicKey = kind === 'rsa' ? importRsa(jwk) : importCurve(jwk)
  return typeof publicKey === 'string' ? publicKey : { kid, algorithms, publicKey }
}

function kindOf(jwk: Readonly<Record<string, unknown>>): JwtKeyKind | null {
  const { kty, crv } = jwk
  if (kty === 'RSA') return 'rsa'
  if (kty === 'EC' && crv === 'P-256') return 'ec-p256'
  if (kty === 'EC' && crv === 'P-384') return 'ec-p384'
  if (kty === 'EC' && crv === 'P-521') return 'ec-p521'
  return kty === 'OKP' && crv === 'Ed25519' ? 'ed25519' : null
}

/** Sizes are looked at before OpenSSL sees the key: a modulus of 16,384 bits is slow to verify with (as in hostile 29). */
function importRsa(jwk: Readonly<Record<string, unknown>>): KeyObject | string {
  const { n, e } = jwk
  if (typeof n !== 'string' || e !== EXPONENT_65537) return 'its RSA exponent is not 65537'
  const modulus = Buffer.from(n, 'base64url')
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (modulus.toString('base64url') !== n || bits < RSA_BITS.min || bits > RSA_BITS.max) {
    return `its RSA modulus is not of ${RSA_BITS.min} to ${RSA_BITS.max} bits`
  }
  return importKey({ kty: 'RSA', n, e })
}

function importCurve(jwk: Readonly<Record<string, unknown>>): KeyObject | string {
  const { kty, crv, x, y } = jwk
  if (typeof x !== 'string' || (kty === 'EC' && typeof y !== 'string')) return 'its coordinates are missing'
  return importKey(kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x })
}

/** OpenSSL refuses points that are not on their curve (hostile 33). */
function importKey(jwk: Record<string, unknown>): KeyObject | string {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return 'OpenSSL cannot read it'
  }
}
