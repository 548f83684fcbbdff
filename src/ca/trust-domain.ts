import { X509Certificate } from 'node:crypto'
import { StartupError } from '../kernel/startup-error.ts'
import type { Authority } from './authority.ts'

/**
 * Throws `StartupError` when stored authorities are of another trust domain than the configured one: their roots vouch
 * for identities of the old one, and leaves of the new one below them would be refused by every verifier.
 */
export function refuseOtherTrustDomain(authorities: readonly Authority[], trustDomain: string): void {
  for (const { kind, certificate } of authorities) {
    if (kind === 'jwt') continue // a bare key names nobody
    const stored = trustDomainOf(certificate)
    if (stored === null || stored === trustDomain) continue
    throw new StartupError(
      'data.other_trust_domain',
      `the data directory holds the authorities of the trust domain \`${stored}\`, the configuration says \`trustDomain: ${trustDomain}\`: ` +
        `set it back to \`${stored}\`, or give \`${trustDomain}\` a data directory of its own (\`dataDir\`)`,
    )
  }
}

/** The trust domain of a signing certificate; null where it has no SPIFFE ID. */
function trustDomainOf(certificate: string): string | null {
  const names = new X509Certificate(certificate).subjectAltName ?? ''
  return /^URI:spiffe:\/\/([a-z0-9._-]+)$/.exec(names)?.[1] ?? null
}
