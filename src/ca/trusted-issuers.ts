import type { TrustedIssuer } from '../identity/attest-client-certificate.ts'
import { readAuthorityCertificate } from '../pki/build-certificate.ts'
import type { Authority } from './authority.ts'
import { isTrusted } from './build-bundle.ts'

/** Whose leaves are believed, by the key identifier of the certificate: an intermediate counts as long as its root does. */
export function trustedIssuers(authorities: readonly Authority[]): Map<string, TrustedIssuer> {
  const byId = new Map(authorities.map((authority) => [authority.id, authority]))
  const trusted = new Map<string, TrustedIssuer>()
  for (const authority of authorities) {
    const root = byId.get(authority.issuer)
    if (authority.kind !== 'intermediate' || !isTrusted(authority) || root === undefined || !isTrusted(root)) continue
    const { name, publicKey, keyId } = readAuthorityCertificate(authority.certificate)
    trusted.set(keyId, { publicKey, notAfter: authority.notAfter, subject: name })
  }
  return trusted
}
