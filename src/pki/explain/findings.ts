import { AppError } from '../../kernel/errors.ts'
import { parseCsr } from '../csr.ts'
import { KEY_TYPES } from '../key-types.ts'
import { toPem } from '../pem.ts'
import type { ExplainOptions, Finding } from './explained.ts'
import type { CertificateFacts, Facts, RequestFacts } from './facts.ts'
import { checkSignature, toSignatureKind } from './keys.ts'

type Found = Finding | null | false

const CSR_LIMITS = { maxBytes: 16_384, asn1Depth: 16 } // the defaults of limits.csr and limits.asn1Depth
const YEAR = 365 * 86_400
const MIN_SERIAL_OCTETS = 8 // 64 bits of randomness, CA/Browser Forum BR §7.1
const MAX_SERIAL_OCTETS = 20 // RFC 5280 §4.1.2.2

/** What is unusual in one certificate, whatever signed it. */
export function findInCertificate(facts: CertificateFacts, options: ExplainOptions): readonly Finding[] {
  const role = facts.isCa ? findInAuthority(facts, options) : findInLeaf(facts, options)
  return present([
    ...findInValidity(facts, options.now),
    ...findInSerial(facts.serial),
    facts.version !== 3 && error('version.old', `it is version ${facts.version}, so it can have no extensions`),
    facts.subject === '' &&
      facts.extensions.names?.critical === false &&
      error('names.not_critical', 'its subject is empty but its names are not critical (X-5)'),
    ...findInAny(facts),
    ...role,
  ])
}

/** What is unusual in a CSR, and whether this service would refuse it whoever sends it. */
export function findInRequest(facts: RequestFacts, options: ExplainOptions): readonly Finding[] {
  const unchecked = checkSignature(facts, facts.publicKey) === 'unchecked'
  return present([
    findRefusal(facts.der),
    unchecked && warning('signature.unchecked', `its signature (${facts.signatureAlgorithm}) was not checked`),
    ...findInAny(facts),
    ...(facts.uris.length === 0 ? [] : findInIdentity(facts.uris, options)),
  ])
}

/** The refusal of the very check that a CSR meets when it is sent (hostile 1-41), under its code. */
function findRefusal(der: Buffer): Found {
  try {
    parseCsr(toPem('CERTIFICATE REQUEST', der), { ...CSR_LIMITS, allowed: new Set(KEY_TYPES) })
    return null
  } catch (refusal) {
    if (!(refusal instanceof AppError)) throw refusal
    return error(refusal.code, `it would be refused: ${refusal.message}`)
  }
}

function findInValidity({ notBefore, notAfter, isCa }: CertificateFacts, now: number): Found[] {
  const life = notAfter - notBefore
  const left = notAfter - now
  return [
    life <= 0 && error('validity.reversed', 'it ends before it begins'),
    left <= 0 && error('validity.expired', 'it has expired'),
    notBefore > now && error('validity.not_yet', 'it is not valid yet; if it was just issued, compare the clocks'),
    left > 0 &&
      left < life / 10 &&
      warning('validity.expires_soon', 'it expires soon: less than a tenth of its life is left'),
    !isCa && life > YEAR && warning('validity.long', 'it is valid for more than a year; a leaf should live for hours'),
  ]
}

function findInSerial(serial: Buffer): Found[] {
  const isZero = serial.every((octet) => octet === 0)
  const isNegative = (serial[0] ?? 0) >= 0x80
  const isOdd = isZero || isNegative
  return [
    isZero && error('serial.zero', 'its serial is zero'), // RFC 5280 §4.1.2.2
    isNegative && error('serial.negative', 'its serial is negative'),
    !isOdd &&
      serial.length < MIN_SERIAL_OCTETS &&
      warning('serial.short', 'its serial is shorter than 64 bits, so it can be guessed'),
    serial.length > MAX_SERIAL_OCTETS && error('serial.long', 'its serial is longer than 20 octets'),
  ]
}

function findInAny(facts: Facts): Found[] {
  const isForgeable = toSignatureKind(facts.signatureOid)?.isWeak === true
  return [
    facts.key.weakness !== null &&
      error('key.weak', `its key (${facts.key.keyType}) is weak or unusual: ${facts.key.weakness}`),
    isForgeable && error('signature.weak', `its signature can be forged: ${facts.signatureAlgorithm}`),
    ...facts.extensions.problems.map(({ kind, text }) => error(`extension.${kind}`, text)),
  ]
}

function findInLeaf(facts: CertificateFacts, options: ExplainOptions): Found[] {
  const { keyUsage, extendedKeyUsage, basicConstraints } = facts.extensions
  const usages = keyUsage?.value ?? []
  const signsOthers = usages.filter((usage) => usage === 'keyCertSign' || usage === 'cRLSign')
  const purposes = extendedKeyUsage?.value
  const missing = ['serverAuth', 'clientAuth'].filter(
    (purpose) => purposes !== undefined && !purposes.includes(purpose),
  )
  return [
    facts.subjectDer.equals(facts.issuerDer) &&
      warning('leaf.self_signed', 'it names itself as its issuer: no authority vouches for it'),
    ...findInUsage(facts),
    keyUsage !== null &&
      !usages.includes('digitalSignature') &&
      error('usage.no_digital_signature', 'its key usage lacks digitalSignature (X-17)'),
    signsOthers.length > 0 &&
      error('usage.signs', `its key usage has ${signsOthers.join(' and ')} although it is no authority (X-18)`),
    purposes === undefined && warning('purpose.missing', 'it has no extended key usage (X-19)'),
    missing.length > 0 && error('purpose.incomplete', `its extended key usage lacks ${missing.join(' and ')} (X-20)`),
    typeof basicConstraints?.value.pathLength === 'number' &&
      error('path_length.on_leaf', 'it has a path length although it is no authority'), // RFC 5280 §4.2.1.9
    ...findInIdentity(facts.uris, options),
    facts.uris.some(hasNoPath) &&
      error('names.no_path', 'its SPIFFE ID has no path, as only an authority may have (X-4)'),
  ]
}

function findInAuthority(facts: CertificateFacts, options: ExplainOptions): Found[] {
  const { keyUsage, basicConstraints } = facts.extensions
  const usages = keyUsage?.value ?? []
  const beyond = usages.filter((usage) => ['digitalSignature', 'keyEncipherment', 'keyAgreement'].includes(usage))
  return [
    basicConstraints?.critical === false && error('ca.not_critical', 'its basic constraints are not critical'), // RFC 5280 §4.2.1.9
    ...findInUsage(facts),
    keyUsage !== null &&
      !usages.includes('keyCertSign') &&
      error('usage.no_cert_sign', 'it is an authority, but its key usage lacks keyCertSign (X-15)'),
    beyond.length > 0 &&
      warning('usage.beyond_signing', `it is an authority, but its key usage has ${beyond.join(' and ')} (X-16)`),
    ...(facts.uris.length === 0 ? [] : findInIdentity(facts.uris, options)),
    facts.uris.some((uri) => isSpiffe(uri) && !hasNoPath(uri)) &&
      error('names.authority_path', 'it is an authority, but its SPIFFE ID has a path (X-9)'),
  ]
}

function findInUsage({ extensions: { keyUsage } }: CertificateFacts): Found[] {
  return [
    keyUsage === null && error('usage.missing', 'it has no key usage (X-14)'),
    keyUsage?.critical === false && error('usage.not_critical', 'its key usage is not critical (X-14)'),
  ]
}

function findInIdentity(uris: readonly string[], { problemOfSpiffeId }: ExplainOptions): Found[] {
  const [uri] = uris
  if (uri === undefined) return [warning('names.no_uri', 'it has no URI name, so it carries no SPIFFE ID (X-1)')]
  if (uris.length > 1)
    return [error('names.several_uris', `it has ${uris.length} URI names; SPIFFE allows exactly one (X-1, X-2)`)]
  const problem = problemOfSpiffeId(uri)
  return [problem !== null && error('names.not_spiffe', `its URI name is not a SPIFFE ID: ${problem} (X-1)`)]
}

function isSpiffe(uri: string): boolean {
  return uri.startsWith('spiffe://')
}

function hasNoPath(uri: string): boolean {
  return isSpiffe(uri) && uri.indexOf('/', 'spiffe://'.length) === -1
}

/** A finding without which nothing works, or that breaks a MUST. */
export function error(code: string, text: string): Finding {
  return { code, level: 'error', text }
}

/** A finding that only asks for a look. */
export function warning(code: string, text: string): Finding {
  return { code, level: 'warning', text }
}

function present(found: readonly Found[]): readonly Finding[] {
  return found.filter((finding) => finding !== null && finding !== false)
}
