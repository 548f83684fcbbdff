import type { UnixSeconds } from '../../kernel/clock.ts'
import { DerReader } from '../der.ts'
import { TAG, toDottedOid } from '../der-writer.ts'

/** An extension as it stands, its value not looked into. */
export interface RawExtension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Buffer
}

/** What a signature covers, with what, and the signature. */
export interface Signed {
  readonly signedBytes: Buffer
  readonly signatureOid: string
  readonly signature: Buffer
}

/** The fields of a certificate (RFC 5280 §4.1), in DER where they are structures. */
export interface CertificateParts extends Signed {
  readonly version: number
  /** Contents of the INTEGER: two's complement. */
  readonly serial: Buffer
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly publicKey: Buffer
  readonly extensions: readonly RawExtension[]
}

/** The fields of a certification request (RFC 2986 §4). */
export interface RequestParts extends Signed {
  readonly subject: Buffer
  readonly publicKey: Buffer
  readonly extensions: readonly RawExtension[]
}

const VERSION = 0xa0
const ISSUER_UNIQUE_ID = 0x81
const SUBJECT_UNIQUE_ID = 0x82
const EXTENSIONS = 0xa3
const ATTRIBUTES = 0xa0
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14' // RFC 2985 §5.4.2
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const DEPTH = 32

/** A reader over `der` that refuses with `request.malformed`. */
export function openReader(der: Buffer): DerReader {
  return new DerReader(der, { code: 'request.malformed', maxDepth: DEPTH })
}

/** Reads a certificate; throws `request.malformed` for anything else. */
export function parseCertificateParts(der: Buffer): CertificateParts {
  const r = openReader(der)
  const outer = r.enter(TAG.sequence, 'Certificate')
  const certificate = r.enter(TAG.sequence, 'tbsCertificate')
  const version = readVersion(r)
  r.read(TAG.integer, 'serialNumber')
  const serial = contents(r)
  r.read(TAG.sequence, 'signature')
  const issuer = readElement(r, 'issuer')
  const validity = r.enter(TAG.sequence, 'validity')
  const notBefore = readTime(r, 'notBefore')
  const notAfter = readTime(r, 'notAfter')
  r.leave(validity, 'validity')
  const subject = readElement(r, 'subject')
  const publicKey = readElement(r, 'subjectPublicKeyInfo')
  for (const tag of [ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID]) if (r.peek() === tag) r.read(tag, 'unique identifier')
  const extensions = r.peek() === EXTENSIONS ? readExplicitExtensions(r) : []
  r.leave(certificate, 'tbsCertificate')
  const signature = readSignature(r)
  r.leave(outer, 'Certificate')
  const signedBytes = readSignedBytes(der)
  return { version, serial, issuer, subject, notBefore, notAfter, publicKey, extensions, signedBytes, ...signature }
}

/** Reads a certification request; throws `request.malformed` for anything else. */
export function parseRequestParts(der: Buffer): RequestParts {
  const r = openReader(der)
  const outer = r.enter(TAG.sequence, 'CertificationRequest')
  const info = r.enter(TAG.sequence, 'certificationRequestInfo')
  r.read(TAG.integer, 'version')
  const subject = readElement(r, 'subject')
  const publicKey = readElement(r, 'subjectPKInfo')
  const extensions = r.peek() === ATTRIBUTES ? readRequestedExtensions(r) : []
  r.leave(info, 'certificationRequestInfo')
  const signature = readSignature(r)
  r.leave(outer, 'CertificationRequest')
  return { subject, publicKey, extensions, signedBytes: readSignedBytes(der), ...signature }
}

/** The contents of the element that was read last. */
export function contents(r: DerReader): Buffer {
  return r.bytes.subarray(r.start, r.stop)
}

/** The whole of the SEQUENCE that comes next. */
export function readElement(r: DerReader, what: string): Buffer {
  r.read(TAG.sequence, what)
  return r.bytes.subarray(r.head, r.stop)
}

function readSignedBytes(der: Buffer): Buffer {
  const r = openReader(der)
  r.enter(TAG.sequence, 'the whole')
  return readElement(r, 'what is signed')
}

function readVersion(r: DerReader): number {
  if (r.peek() !== VERSION) return 1 // RFC 5280 §4.1.2.1: DEFAULT v1
  const outer = r.enter(VERSION, 'version')
  r.read(TAG.integer, 'version')
  r.leave(outer, 'version')
  return (r.bytes[r.start] ?? 0) + 1
}

/** The algorithm and the signature, which stand behind what is signed. */
export function readSignature(r: DerReader): { readonly signatureOid: string; readonly signature: Buffer } {
  const algorithm = r.enter(TAG.sequence, 'signatureAlgorithm')
  r.read(TAG.oid, 'signatureAlgorithm')
  const signatureOid = toDottedOid(contents(r))
  r.at = r.end
  r.leave(algorithm, 'signatureAlgorithm')
  r.read(TAG.bitString, 'signature')
  return { signatureOid, signature: contents(r).subarray(1) }
}

function readExplicitExtensions(r: DerReader): readonly RawExtension[] {
  const outer = r.enter(EXTENSIONS, 'extensions')
  const extensions = readExtensions(r)
  r.leave(outer, 'extensions')
  return extensions
}

/** Extensions in their order. */
export function readExtensions(r: DerReader): readonly RawExtension[] {
  const outer = r.enter(TAG.sequence, 'extensions')
  const extensions: RawExtension[] = []
  while (r.peek() !== 0) extensions.push(readExtension(r))
  r.leave(outer, 'extensions')
  return extensions
}

function readExtension(r: DerReader): RawExtension {
  const outer = r.enter(TAG.sequence, 'extension')
  r.read(TAG.oid, 'extnID')
  const oid = toDottedOid(contents(r))
  let critical = false
  if (r.peek() === TAG.boolean) {
    r.read(TAG.boolean, 'critical')
    critical = contents(r)[0] === 0xff
  }
  r.read(TAG.octetString, 'extnValue')
  const value = contents(r)
  r.leave(outer, 'extension')
  return { oid, critical, value }
}

function readRequestedExtensions(r: DerReader): readonly RawExtension[] {
  const outer = r.enter(ATTRIBUTES, 'attributes')
  const extensions: RawExtension[] = []
  while (r.peek() !== 0) {
    const attribute = r.enter(TAG.sequence, 'attribute')
    r.read(TAG.oid, 'attribute type')
    const isRequest = toDottedOid(contents(r)) === EXTENSION_REQUEST
    const values = r.enter(TAG.set, 'attribute values')
    if (isRequest) extensions.push(...readExtensions(r))
    else r.at = r.end
    r.leave(values, 'attribute values')
    r.leave(attribute, 'attribute')
  }
  r.leave(outer, 'attributes')
  return extensions
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/** UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5). */
export function readTime(r: DerReader, what: string): UnixSeconds {
  const isShort = r.peek() === UTC_TIME
  r.read(isShort ? UTC_TIME : GENERALIZED_TIME, what)
  const text = contents(r).toString('latin1')
  const century = text.slice(0, 2) < '50' ? '20' : '19' // RFC 5280 §4.1.2.5.1
  const match = TIME.exec(isShort ? century + text : text)
  if (match === null) r.fail(`${what} is not a time`)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}
