import { isJsonObject } from '../../kernel/json-object.ts'
import { parseStrictJson, StrictJsonError } from '../../kernel/strict-json.ts'

const MAX_DEPTH = 16
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/
/** What a key of each type cannot do without (RFC 7518 §6, RFC 8037 §2). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['x', 'y'],
  OKP: ['x'],
  oct: ['k'],
}
const CURVES: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519', 'Ed448', 'X25519', 'X448'],
}

type Jwk = Readonly<Record<string, unknown>>

/** The keys of inline `jwks`, one JWK or a set (RFC 7517); null if one is unusable or the text is neither. */
export function parseJwks(text: string): readonly Jwk[] | null {
  const document = toJson(text)
  if (!isJsonObject(document)) return null
  if (!Object.hasOwn(document, 'keys')) return isUsable(document) ? [document] : null
  const keys: unknown = document.keys
  return Array.isArray(keys) && keys.every(isUsable) ? keys : null
}

/** True for a key that can sign: nobody but the issuer should have it. */
export function isSecret(jwk: Jwk): boolean {
  return jwk.kty === 'oct' || Object.hasOwn(jwk, 'd')
}

/** Stricter than istiod in one point: a key that stands in an object twice is refused, for readers differ on it. */
function toJson(text: string): unknown {
  try {
    return parseStrictJson(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) return null
    throw error
  }
}

function isUsable(jwk: unknown): jwk is Jwk {
  if (!isJsonObject(jwk) || typeof jwk.kty !== 'string' || !Object.hasOwn(NEEDED, jwk.kty)) return false
  const curves = Object.hasOwn(CURVES, jwk.kty) ? CURVES[jwk.kty] : undefined
  if (curves !== undefined && !curves.some((name) => name === jwk.crv)) return false
  return (NEEDED[jwk.kty] ?? []).every((name) => isBase64(jwk[name]))
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && BASE64.test(value)
}
