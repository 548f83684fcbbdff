import { MAX_SPIFFE_ID_BYTES, problemOfSpiffeId } from '../identity/spiffe-id.ts'
import type { UnixSeconds } from '../kernel/clock.ts'
import { Cursor, fail } from './lint-cursor.ts'

/** What a leaf's TBSCertificate must be, known from the evidence and the issuer and not from the template. */
export interface LintExpectation {
  readonly identity: string
  readonly issuerNotBefore: UnixSeconds
  readonly issuerNotAfter: UnixSeconds
  readonly rsaKey: boolean
  /** DER of the SubjectPublicKeyInfo, and the key identifier made of it: 20 bytes. */
  readonly spki: Buffer
  readonly subjectKeyId: Buffer
  /** DER of the issuer's Name, its key identifier (20 bytes) and the AlgorithmIdentifier that it will sign with. */
  readonly issuerName: Buffer
  readonly issuerKeyId: Buffer
  readonly signatureAlgorithm: Buffer
  /** Names beside the URI are the serving certificate's alone. */
  readonly otherNames: 'none' | 'dns-and-ip'
}

const OID_BASIC_CONSTRAINTS = 0x13
const OID_KEY_USAGE = 0x0f
const OID_SUBJECT_ALT_NAME = 0x11
const OID_EXTENDED_KEY_USAGE = 0x25
const OID_SUBJECT_KEY_ID = 0x0e
const OID_AUTHORITY_KEY_ID = 0x23
/** What stands before the 20 bytes of a key identifier: an OCTET STRING, and [0] within a SEQUENCE. */
const SUBJECT_KEY_ID = Buffer.from('0414', 'hex')
const AUTHORITY_KEY_ID = Buffer.from('30168014', 'hex')
const DIGITAL_SIGNATURE = Buffer.from('03020780', 'hex') // RFC 5280 §4.2.1.3
const SIGNATURE_AND_KEY_ENCIPHERMENT = Buffer.from('030205a0', 'hex')
const SERVER_AND_CLIENT = Buffer.from('301406082b0601050507030106082b06010505070302', 'hex')

/** Throws `LintError` unless `tbs` is a leaf by the SPIFFE checklist X-1…X-20 and RFC 5280; reads the very bytes that will be signed. */
export function lintLeaf(tbs: Buffer, want: LintExpectation): void {
  const c = new Cursor(tbs)
  const end = c.enter(0x30, 'tbsCertificate')
  if (end !== tbs.length) fail('bytes behind the tbsCertificate')
  if (c.bytes(0xa0, 'version') !== 3 || tbs[c.start + 2] !== 2) fail('the version is not 3') // RFC 5280 §4.1.2.1
  lintSerial(tbs, c)
  c.bytes(0x30, 'signature')
  if (!c.isElement(want.signatureAlgorithm)) fail('the algorithm is not that of the signature') // RFC 5280 §4.1.2.3
  c.bytes(0x30, 'issuer')
  if (!c.isElement(want.issuerName)) fail("the issuer is not the signer's name") // RFC 5280 §4.1.2.4
  lintValidity(c, want)
  if (c.bytes(0x30, 'subject') !== 0) fail('the subject is not empty')
  c.bytes(0x30, 'subjectPublicKeyInfo')
  if (!c.isElement(want.spki)) fail('the public key is not that of the draft')
  const wrapped = c.enter(0xa3, 'extensions')
  const last = c.enter(0x30, 'extensions')
  if (wrapped !== end || last !== end) fail('bytes behind the extensions')
  lintExtensions(tbs, c, want)
}

function lintSerial(tbs: Buffer, c: Cursor): void {
  const length = c.bytes(0x02, 'serialNumber')
  const first = tbs[c.start] ?? 0
  if (first >= 0x80) fail('the serial is negative') // RFC 5280 §4.1.2.2
  if (length > 20) fail('the serial is longer than 20 octets')
  if (length === 1 && first === 0) fail('the serial is zero')
}

function lintValidity(c: Cursor, want: LintExpectation): void {
  const end = c.enter(0x30, 'validity')
  const notBefore = c.time('notBefore')
  const notAfter = c.time('notAfter')
  if (c.next !== end) fail('bytes behind the validity')
  if (notAfter <= notBefore) fail('notAfter is not after notBefore')
  if (notBefore < want.issuerNotBefore) fail('the leaf predates its issuer')
  if (notAfter > want.issuerNotAfter) fail('the leaf outlives its issuer')
}

function lintExtensions(tbs: Buffer, c: Cursor, want: LintExpectation): void {
  let seen = 0
  while (c.next < tbs.length) {
    const end = c.enter(0x30, 'extension')
    if (c.bytes(0x06, 'extnID') !== 3 || tbs[c.start] !== 0x55 || tbs[c.start + 1] !== 0x1d)
      fail('an unexpected extension')
    const id = tbs[c.start + 2] ?? 0
    let critical = false
    if (tbs[c.next] === 0x01) {
      c.bytes(0x01, 'critical')
      critical = tbs[c.start] === 0xff
    }
    c.bytes(0x04, 'extnValue')
    if (c.next !== end) fail('bytes behind an extension')
    const bit = lintExtension(tbs, c, { id, critical, want })
    if ((seen & bit) !== 0) fail('an extension stands twice') // RFC 5280 §4.2
    seen |= bit
  }
  if (seen !== 0b111111) fail('an extension of the profile is missing') // RFC 5280 §4.2.1.1
}

interface FoundExtension {
  readonly id: number
  readonly critical: boolean
  readonly want: LintExpectation
}

function lintExtension(tbs: Buffer, c: Cursor, found: FoundExtension): number {
  const { start, next } = c
  switch (found.id) {
    case OID_BASIC_CONSTRAINTS: // cA is false, so its DER is the empty sequence
      if (!found.critical || next - start !== 2 || tbs[start] !== 0x30 || tbs[start + 1] !== 0)
        fail('not cA=false (X-12)')
      return 1
    case OID_KEY_USAGE:
      lintKeyUsage(tbs.subarray(start, next), found)
      return 2
    case OID_EXTENDED_KEY_USAGE:
      if (!SERVER_AND_CLIENT.equals(tbs.subarray(start, next))) fail('not exactly serverAuth and clientAuth (X-20)')
      return 4
    case OID_SUBJECT_KEY_ID:
      if (found.critical || !isKeyId(tbs.subarray(start, next), SUBJECT_KEY_ID, found.want.subjectKeyId))
        fail("the subject key identifier is not that of the draft's key") // RFC 5280 §4.2.1.2
      return 8
    case OID_AUTHORITY_KEY_ID:
      if (found.critical || !isKeyId(tbs.subarray(start, next), AUTHORITY_KEY_ID, found.want.issuerKeyId))
        fail("the authority key identifier is not the signer's") // RFC 5280 §4.2.1.1
      return 16
    case OID_SUBJECT_ALT_NAME:
      if (!found.critical) fail('the names are not critical although the subject is empty (X-5)')
      lintNames(tbs.subarray(start, next), found.want)
      return 32
    default:
      return fail('an unexpected extension')
  }
}

function isKeyId(value: Buffer, header: Buffer, keyId: Buffer): boolean {
  const { length } = header
  return (
    value.length === length + keyId.length &&
    value.indexOf(header) === 0 &&
    value.compare(keyId, 0, keyId.length, length) === 0
  )
}

function lintKeyUsage(value: Buffer, { critical, want }: FoundExtension): void {
  if (!critical) fail('key usage is not critical (X-14)')
  const wanted = want.rsaKey ? SIGNATURE_AND_KEY_ENCIPHERMENT : DIGITAL_SIGNATURE
  if (!wanted.equals(value)) fail('key usage is not that of a leaf (X-17, X-18)')
}

function lintNames(value: Buffer, want: LintExpectation): void {
  const c = new Cursor(value)
  if (c.enter(0x30, 'subjectAltName') !== value.length) fail('bytes behind the names')
  let uris = 0
  while (c.next < value.length) {
    const tag = value[c.next] ?? 0
    const length = c.bytes(tag, 'subjectAltName')
    if (tag === 0x86) {
      uris++
      if (length > MAX_SPIFFE_ID_BYTES) fail('the SPIFFE ID is longer than 2048 bytes (ID-15)')
      lintIdentity(value.toString('latin1', c.start, c.next), want.identity)
    } else if (want.otherNames === 'none' || (tag !== 0x82 && tag !== 0x87)) {
      fail('a name beside the SPIFFE ID')
    }
  }
  if (uris !== 1) fail('not exactly one URI name (X-1)')
}

function lintIdentity(uri: string, identity: string): void {
  if (uri !== identity) fail('the URI name is not the attested identity')
  if (problemOfSpiffeId(uri) !== null) fail('the URI name is not a SPIFFE ID (X-1)')
  if (uri.indexOf('/', 'spiffe://'.length) === -1) fail('the SPIFFE ID of a leaf has no path (X-4)')
}
