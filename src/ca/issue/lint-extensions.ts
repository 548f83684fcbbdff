import type { LintExpectation } from './lint.ts'
import { type Cursor, fail } from './lint-cursor.ts'
import { lintNames } from './lint-names.ts'

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

/** Each extension of the profile once, as it has to be, and no other. */
export function lintExtensions(tbs: Buffer, c: Cursor, want: LintExpectation): void {
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
