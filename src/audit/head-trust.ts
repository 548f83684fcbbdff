import type { X509Certificate } from 'node:crypto'
import type { UnixMillis } from '../kernel/clock.ts'
import { MalformedExport } from './malformed-export.ts'

/** What a head has to come from: trusted roots, at the time that it says it was signed. */
export interface HeadTrust {
  readonly roots: readonly X509Certificate[]
  readonly at: UnixMillis
}

/**
 * Throws `MalformedExport` unless every certificate of `chain` is an authority's (a workload of the same trust domain
 * has a certificate too), was valid at the time, and leads to a trusted root (RFC 5280 §6.1). Expired ones prove what
 * they signed in their life: exports are kept for longer.
 */
export function checkHeadTrust(chain: readonly X509Certificate[], { roots, at }: HeadTrust): void {
  for (const certificate of chain) {
    if (!certificate.ca) throw untrusted('was signed with a certificate that is not an authority')
    if (at < certificate.validFromDate.getTime() || at >= certificate.validToDate.getTime()) {
      throw untrusted('says a time at which the certificate of its signer was not valid')
    }
  }
  const isChain = chain.every((certificate, i) => i === 0 || isIssuedBy(chain[i - 1], certificate))
  const last = chain.at(-1)
  const root = roots.find((one) => last !== undefined && (one.raw.equals(last.raw) || isIssuedBy(last, one)))
  if (!isChain || root === undefined || !root.ca) throw untrusted('was not signed below a root that is trusted here')
}

function isIssuedBy(certificate: X509Certificate | undefined, issuer: X509Certificate): boolean {
  return certificate?.checkIssued(issuer) === true && certificate.verify(issuer.publicKey)
}

function untrusted(how: string): MalformedExport {
  return new MalformedExport(`the head ${how}`)
}
