import { X509Certificate } from 'node:crypto'
import { shortDigest } from '../kernel/short-digest.ts'
import type { Authority } from './authority.ts'
import type { TrustBundle } from './bundle.ts'
import { publishedKeysOf, toJwtBundleKeys } from './jwt/published-keys.ts'

const REFRESH_HINT_SECONDS = 300

/** True while leaves below a root in this state are to be believed. */
export function isTrusted(authority: Authority): boolean {
  return authority.state !== 'retired' && authority.state !== 'revoked'
}

/** The bundle of every trusted root and JWT key, as PEM (roots alone) and as SPIFFE JSON (B-1…B-8, X-23…X-27). */
export function buildBundle(authorities: readonly Authority[], sequence: number): TrustBundle {
  const roots = authorities.filter((authority) => authority.kind === 'root' && isTrusted(authority))
  const pems = roots.map((root) => root.certificate)
  const spiffe = JSON.stringify({
    keys: [...pems.map(toX509Jwk), ...toJwtBundleKeys(publishedKeysOf(authorities))],
    spiffe_sequence: sequence,
    spiffe_refresh_hint: REFRESH_HINT_SECONDS,
    ...taintedOf(authorities),
  })
  return { sequence, roots: pems, pem: pems.join(''), spiffe, etag: `"${sequence}-${shortDigest(spiffe)}"` }
}

/** Whose holders shall renew early; readers of SPIFFE bundles pass over members that they do not know. */
function taintedOf(authorities: readonly Authority[]): { readonly alcazar_tainted_authorities?: readonly string[] } {
  const ids = authorities.filter(({ state }) => state === 'tainted').map(({ id }) => id)
  return ids.length === 0 ? {} : { alcazar_tainted_authorities: ids }
}

/** The entry of a root in a SPIFFE bundle, X-23…X-26: `use`, no `kid`, exactly one certificate in base64. */
export function toX509Jwk(pem: string): Record<string, unknown> {
  const certificate = new X509Certificate(pem)
  const { kty, crv, x, y, n, e } = certificate.publicKey.export({ format: 'jwk' })
  return { use: 'x509-svid', kty, crv, x, y, n, e, x5c: [certificate.raw.toString('base64')] }
}
