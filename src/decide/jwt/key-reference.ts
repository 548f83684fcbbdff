import { goDurationMs } from '../../mesh/go-duration.ts'
import type { JwtRule } from '../../mesh/resource.ts'
import { type JwkSet, toJwkSet } from './jwk-set.ts'

/** Keys that are fetched: from a JWK set's address, or by discovery from their issuer (OpenID Connect Discovery 1.0). */
export interface RemoteKeyReference {
  readonly from: 'uri' | 'issuer'
  /** The address, or the issuer. */
  readonly address: string
  readonly timeoutMs: number
  /** The same for references that mean the same. */
  readonly name: string
}

/** Where the keys of a rule come from. */
export type KeyReference = { readonly from: 'inline'; readonly keys: JwkSet } | RemoteKeyReference

const DEFAULT_TIMEOUT_MS = 5_000
const MAX_TIMEOUT_MS = 60_000

/** As istiod: `jwks` wins over `jwksUri`, and without both the issuer is asked. */
export function toKeyReference({ jwks, jwksUri, issuer, timeout }: JwtRule): KeyReference {
  if (jwks) return { from: 'inline', keys: toJwkSet(jwks) }
  const timeoutMs = toTimeoutMs(timeout)
  const [from, address] = jwksUri ? (['uri', jwksUri] as const) : (['issuer', issuer ?? ''] as const)
  return { from, address, timeoutMs, name: JSON.stringify([from, address, timeoutMs]) }
}

/** Not longer than a minute. */
function toTimeoutMs(timeout: string | undefined): number {
  const ms = timeout === undefined ? DEFAULT_TIMEOUT_MS : goDurationMs(timeout)
  return Math.min(Math.max(ms, 1), MAX_TIMEOUT_MS)
}
