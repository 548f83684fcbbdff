import type { UnixSeconds } from '../../kernel/clock.ts'
import { Cursor, fail } from './lint-cursor.ts'
import { lintExtensions } from './lint-extensions.ts'

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
