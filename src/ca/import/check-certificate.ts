import { problemOfSpiffeId } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import { type CaCertificate, readCaPublicKey } from '../../pki/ca-certificate.ts'
import type { Finding } from '../../pki/explain/explained.ts'
import { error, findInCertificate, warning } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import type { ImportOptions } from './verdict.ts'

const POLICY_CONSTRAINTS = '2.5.29.36'
const KEY_ID_DIGITS = 40

/** What an authority's certificate must be, whatever its place: what Istio checks, and all that it does not. */
export function checkCertificate(certificate: CaCertificate, options: ImportOptions): readonly FileFinding[] {
  const { facts, file } = certificate
  const isSelfIssued = facts.subjectDer.equals(facts.issuerDer)
  const known = findInCertificate(facts, { now: options.now, problemOfSpiffeId })
  const findings = facts.isCa
    ? [
        ...known.map((finding) => (isSelfIssued ? asSelfSigned(finding) : finding)),
        ...findInAuthority(certificate, options),
      ]
    : [error('ca.false', 'it is no authority: its basic constraints lack CA:TRUE'), ...known.filter(isOfTime)]
  return findings.map((finding) => inFile(file, finding))
}

/** The key of an authority that becomes one of ours must be of a type that we know, and strong. */
export function checkKey(certificate: CaCertificate): readonly FileFinding[] {
  try {
    readCaPublicKey(certificate)
    return []
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    return [inFile(certificate.file, error('key.not_allowed', cause.message))]
  }
}

/** Nobody relies on the signature by which a trust anchor vouches for itself (RFC 5280 §6.1.1 d). */
function asSelfSigned(finding: Finding): Finding {
  return finding.code === 'signature.weak' ? { ...finding, level: 'warning' } : finding
}

function isOfTime({ code }: Finding): boolean {
  return code.startsWith('validity.') || code === 'version.old'
}

function findInAuthority({ facts, extensions }: CaCertificate, options: ImportOptions): readonly Finding[] {
  const { extendedKeyUsage, subjectKeyId } = facts.extensions
  const purposes = extendedKeyUsage?.value
  const missing = ['serverAuth', 'clientAuth'].filter(
    (purpose) => purposes !== undefined && !purposes.includes(purpose),
  )
  const left = facts.notAfter - options.now
  const foreign = facts.uris.find((uri) => trustDomainOf(uri) !== options.trustDomain)
  return [
    left > 0 &&
      left < options.defaultTtlSeconds &&
      warning('validity.short', `it ends in ${left} s, before a certificate of \`issuance.defaultTtl\` would`),
    missing.length > 0 &&
      error(
        'purpose.incomplete',
        `its extended key usage lacks ${missing.join(' and ')}, so nothing below it has them`,
      ),
    foreign !== undefined &&
      error('names.other_trust_domain', `it is for \`${foreign}\`, and this service is for \`${options.trustDomain}\``),
    extensions.some(({ oid }) => oid === POLICY_CONSTRAINTS) &&
      error('constraints.policy', 'it has policy constraints, which no certificate of this service satisfies'),
    subjectKeyId === null && warning('key_id.missing', 'it has no subject key identifier (RFC 5280 §4.2.1.2)'),
    subjectKeyId !== null &&
      subjectKeyId.length !== KEY_ID_DIGITS &&
      error('key_id.length', `its subject key identifier has ${subjectKeyId.length / 2} octets: 20 are supported`),
  ].filter((finding) => finding !== false)
}

/** Of a SPIFFE ID; anything else has been refused as such. */
function trustDomainOf(uri: string): string {
  const [, , host = ''] = uri.split('/')
  return host
}
