import type { UnixSeconds } from '../kernel/clock.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { type CertificateExtensions, readExtensions } from './certificate-extensions.ts'
import { DerReader } from './der.ts'
import { TAG } from './der-writer.ts'

/** What a certificate says, read strictly from its DER; nothing is verified. */
export interface ParsedCertificate extends CertificateExtensions {
  /** 32 lower-case hex digits, more where the serial is longer. */
  readonly serial: string
  /** DER of the issuer's Name. */
  readonly issuer: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

const MAX_DEPTH = 16
const VERSION_3 = Buffer.from('a003020102', 'hex') // RFC 5280 §4.1.2.1
const VERSION_TAG = 0xa0
const SERIAL_DIGITS = 32

/** Reads one version 3 certificate (RFC 5280 §4.1) and throws `code` for anything else, bytes behind it included. */
export function parseCertificate(bytes: Buffer, code: ErrorCode): ParsedCertificate {
  const der = new DerReader(bytes, { code, maxDepth: MAX_DEPTH })
  const certificate = der.enter(TAG.sequence, 'certificate')
  const fields = readTbsCertificate(der)
  der.read(TAG.sequence, 'signatureAlgorithm')
  der.read(TAG.bitString, 'signature')
  der.leave(certificate, 'certificate')
  if (der.peek() !== 0) der.fail('bytes stand behind the certificate')
  return fields
}

function readTbsCertificate(der: DerReader): ParsedCertificate {
  const tbs = der.enter(TAG.sequence, 'tbsCertificate')
  der.read(VERSION_TAG, 'version')
  if (!der.isElement(VERSION_3)) der.fail('the version is not 3')
  der.read(TAG.integer, 'serialNumber')
  const serial = serialOf(der.bytes.subarray(der.start, der.stop))
  der.read(TAG.sequence, 'signature')
  der.read(TAG.sequence, 'issuer')
  const issuer = der.bytes.subarray(der.head, der.stop)
  const validity = der.enter(TAG.sequence, 'validity')
  const notBefore = readTime(der, 'notBefore')
  const notAfter = readTime(der, 'notAfter')
  der.leave(validity, 'validity')
  der.read(TAG.sequence, 'subject')
  der.read(TAG.sequence, 'subjectPublicKeyInfo')
  const spki = der.bytes.subarray(der.head, der.stop)
  const extensions = readExtensions(der)
  der.leave(tbs, 'tbsCertificate')
  return { serial, issuer, notBefore, notAfter, spki, ...extensions }
}

function serialOf(contents: Buffer): string {
  const digits = contents.toString('hex').replace(/^00/, '')
  return digits.padStart(SERIAL_DIGITS, '0')
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const TIME = /^(\d{2,4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/** UTCTime or GeneralizedTime in seconds and in UTC, as RFC 5280 §4.1.2.5 has them. */
function readTime(der: DerReader, what: string): UnixSeconds {
  const isUtcTime = der.peek() === UTC_TIME
  der.read(isUtcTime ? UTC_TIME : GENERALIZED_TIME, what)
  const text = der.bytes.toString('latin1', der.start, der.stop)
  const match = TIME.exec(text)
  if (match === null || text.length !== (isUtcTime ? 13 : 15)) return der.fail(`${what} is not a time`)
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number)
  const [day = 0, hour = 0, minute = 0, second = 0] = rest
  const century = isUtcTime ? (year < 50 ? 2000 : 1900) : 0
  const milliseconds = Date.UTC(century + year, month - 1, day, hour, minute, second)
  const written = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '')
  if (!written.endsWith(text)) der.fail(`${what} is no day of the calendar`)
  return milliseconds / 1000
}
