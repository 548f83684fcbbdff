import type { CaCertificate } from '../../pki/ca-certificate.ts'
import { checkSignature } from '../../pki/explain/keys.ts'

/** Whether name and signature say so (RFC 5280 §6.1.3 a). */
export function isSignedBy(child: CaCertificate, issuer: CaCertificate): boolean {
  return isNamed(child, issuer) && checkSignature(child.facts, issuer.facts.publicKey) === 'valid'
}

/** Whether the name alone says so. */
export function isNamed(child: CaCertificate, issuer: CaCertificate): boolean {
  return child.facts.issuerDer.equals(issuer.facts.subjectDer)
}

/** Of one name on both sides (RFC 5280 §3.2): a root, as far as it says. */
export function isSelfIssued({ facts }: CaCertificate): boolean {
  return facts.subjectDer.equals(facts.issuerDer)
}

/** Two certificates of one name and one key (RFC 5280 §3.2). */
export function isSameAuthority({ facts: a }: CaCertificate, { facts: b }: CaCertificate): boolean {
  return a.subjectDer.equals(b.subjectDer) && a.publicKey.equals(b.publicKey)
}
