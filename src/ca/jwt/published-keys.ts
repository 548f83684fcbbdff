import { createPublicKey, type KeyObject } from 'node:crypto'
import { algorithmOf, isJwtKeyType, type JwtKeyType } from '../../pki/jws.ts'
import type { Authority, AuthorityState } from '../authority.ts'

/** A key that JWT-SVIDs are verified with. */
export interface PublishedKey {
  readonly kid: string
  readonly keyType: JwtKeyType
  readonly publicKey: KeyObject
}

type Jwk = Readonly<Record<string, unknown>>

/** A key is published before it signs (F-1), and for as long as tokens of it may be valid (F-2). */
const PUBLISHED: ReadonlySet<AuthorityState> = new Set(['prepared', 'active', 'draining', 'tainted'])

/** The JWT keys among the authorities that others are to believe. */
export function publishedKeysOf(authorities: readonly Authority[]): readonly PublishedKey[] {
  return authorities.flatMap(({ id, kind, state, keyType, certificate }) => {
    if (kind !== 'jwt' || !PUBLISHED.has(state)) return []
    if (!isJwtKeyType(keyType)) throw new TypeError(`a key of type ${keyType} signs no JWT`)
    return [{ kid: id, keyType, publicKey: createPublicKey(certificate) }]
  })
}

/** Entries of a SPIFFE bundle (J-17, J-18), and no parameter beyond (B-14). */
export function toJwtBundleKeys(published: readonly Pick<PublishedKey, 'kid' | 'publicKey'>[]): readonly Jwk[] {
  return published.map(({ kid, publicKey }) => ({ use: 'jwt-svid', kid, ...toJwk(publicKey) }))
}

/** Entries of a JWK set for OIDC clients, which look for `use: sig` (RFC 7517 §4.2, §4.4). */
export function toSigningKeys(published: readonly PublishedKey[]): readonly Jwk[] {
  return published.map(({ kid, keyType, publicKey }) => {
    return { use: 'sig', kid, alg: algorithmOf(keyType), ...toJwk(publicKey) }
  })
}

function toJwk(publicKey: KeyObject): Jwk {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' })
  return { kty, crv, x, y, n, e }
}
