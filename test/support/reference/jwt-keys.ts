import { createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from 'node:crypto'
import { isObject } from './claims.ts'
import type { JsonObject } from './facts.ts'

interface Algorithm {
  readonly kty: string
  readonly crv?: string
  readonly hash: string
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: { kty: 'RSA', hash: 'sha256' },
  RS384: { kty: 'RSA', hash: 'sha384' },
  RS512: { kty: 'RSA', hash: 'sha512' },
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384' },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512' },
}

const imported = new Map<string, KeyObject>()

/** Whether any key of the set that the token may use has made its signature. */
export function isSigned(token: string, header: JsonObject, jwks: string): boolean {
  const algorithm = ALGORITHMS[String(header.alg)]
  if (algorithm === undefined) return false
  const set: unknown = JSON.parse(jwks)
  const keys = isObject(set) && Array.isArray(set.keys) ? set.keys : []
  return keys.some((jwk) => isUsable(jwk, header, algorithm) && hasMade(jwk, token, algorithm))
}

function isUsable(jwk: JsonObject, { kid, alg }: JsonObject, algorithm: Algorithm): boolean {
  if (jwk.kid !== undefined && kid !== undefined && jwk.kid !== kid) return false
  if (jwk.alg !== undefined && jwk.alg !== alg) return false
  return jwk.kty === algorithm.kty && (algorithm.crv === undefined || jwk.crv === algorithm.crv)
}

function hasMade(jwk: JsonObject, token: string, { hash }: Algorithm): boolean {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return verify(hash, Buffer.from(token.slice(0, end)), { key: importKey(jwk), dsaEncoding: 'ieee-p1363' }, signature)
}

/** Importing a key costs more than everything else here, so each is imported once. */
function importKey(jwk: JsonObject): KeyObject {
  const text = JSON.stringify(jwk)
  const key = imported.get(text) ?? createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
  imported.set(text, key)
  return key
}
