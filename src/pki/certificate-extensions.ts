import type { DerReader } from './der.ts'
import { oid, TAG, toDottedOid } from './der-writer.ts'

/** The extensions that decide what a certificate is good for; where one is absent, its value here says so. */
export interface CertificateExtensions {
  readonly uris: readonly string[]
  readonly isCa: boolean
  /** The first eight bits of keyUsage, digitalSignature highest (RFC 5280 §4.2.1.3); 0 when absent. */
  readonly keyUsage: number
  /** In dots: `1.3.6.1.5.5.7.3.2` is clientAuth. */
  readonly extendedKeyUsage: readonly string[]
  /** Hex; null when absent. */
  readonly authorityKeyId: string | null
}

const EXTENSIONS = 0xa3 // RFC 5280 §4.1: [3] EXPLICIT
const KEY_IDENTIFIER = 0x80 // RFC 5280 §4.2.1.1: [0] IMPLICIT
const URI_NAME = 0x86 // RFC 5280 §4.2.1.6: [6] IMPLICIT IA5String

type Found = { -readonly [Name in keyof CertificateExtensions]: CertificateExtensions[Name] }

const READERS: readonly { readonly id: Buffer; readonly readInto: (der: DerReader, found: Found) => void }[] = [
  { id: oid('2.5.29.17'), readInto: readNames },
  { id: oid('2.5.29.19'), readInto: readBasicConstraints },
  { id: oid('2.5.29.15'), readInto: readKeyUsage },
  { id: oid('2.5.29.37'), readInto: readExtendedKeyUsage },
  { id: oid('2.5.29.35'), readInto: readAuthorityKeyId },
]

/** Reads the extensions of a certificate; fails on one that stands twice and on a critical one that is not known (RFC 5280 §4.2). */
export function readExtensions(der: DerReader): CertificateExtensions {
  const found: Found = { uris: [], isCa: false, keyUsage: 0, extendedKeyUsage: [], authorityKeyId: null }
  if (der.peek() === 0) return found
  const seen = new Set<string>()
  const wrapper = der.enter(EXTENSIONS, 'extensions')
  const list = der.enter(TAG.sequence, 'extensions')
  while (der.peek() !== 0) {
    const extension = der.enter(TAG.sequence, 'extension')
    der.read(TAG.oid, 'type of an extension')
    const id = toDottedOid(der.bytes.subarray(der.start, der.stop))
    if (seen.has(id)) der.fail(`the extension ${id} stands twice`)
    seen.add(id)
    readExtension(der, id, found)
    der.leave(extension, 'extension')
  }
  der.leave(list, 'extensions')
  der.leave(wrapper, 'extensions')
  return found
}

function readExtension(der: DerReader, id: string, found: Found): void {
  const reader = READERS.find((row) => der.isElement(row.id))
  const critical = readBoolean(der, 'criticality of an extension')
  der.read(TAG.octetString, 'value of an extension')
  if (reader === undefined) {
    if (critical) der.fail(`the critical extension ${id} is not known`)
    return
  }
  const value = der.enterOctets()
  reader.readInto(der, found)
  der.leave(value, 'value of an extension')
}

function readBoolean(der: DerReader, what: string): boolean {
  if (der.peek() !== TAG.boolean) return false
  der.read(TAG.boolean, what)
  return der.bytes[der.start] !== 0
}

function readNames(der: DerReader, found: Found): void {
  const uris: string[] = []
  const names = der.enter(TAG.sequence, 'subjectAltName')
  while (der.peek() !== 0) {
    const tag = der.peek()
    der.read(tag, 'name')
    if (tag === URI_NAME) uris.push(der.bytes.toString('latin1', der.start, der.stop))
  }
  der.leave(names, 'subjectAltName')
  found.uris = uris
}

function readBasicConstraints(der: DerReader, found: Found): void {
  const constraints = der.enter(TAG.sequence, 'basicConstraints')
  found.isCa = readBoolean(der, 'cA')
  if (der.peek() !== 0) der.read(TAG.integer, 'pathLenConstraint')
  der.leave(constraints, 'basicConstraints')
}

function readKeyUsage(der: DerReader, found: Found): void {
  der.read(TAG.bitString, 'keyUsage')
  found.keyUsage = der.stop - der.start > 1 ? (der.bytes[der.start + 1] ?? 0) : 0
}

function readExtendedKeyUsage(der: DerReader, found: Found): void {
  const purposes: string[] = []
  const list = der.enter(TAG.sequence, 'extendedKeyUsage')
  while (der.peek() !== 0) {
    der.read(TAG.oid, 'purpose')
    purposes.push(toDottedOid(der.bytes.subarray(der.start, der.stop)))
  }
  der.leave(list, 'extendedKeyUsage')
  found.extendedKeyUsage = purposes
}

function readAuthorityKeyId(der: DerReader, found: Found): void {
  const identifier = der.enter(TAG.sequence, 'authorityKeyIdentifier')
  if (der.peek() === KEY_IDENTIFIER) {
    der.read(KEY_IDENTIFIER, 'keyIdentifier')
    found.authorityKeyId = der.bytes.toString('hex', der.start, der.stop)
  }
  while (der.peek() !== 0) der.read(der.peek(), 'authorityCertIssuer') // RFC 5280 §4.2.1.1: may be there, is not used
  der.leave(identifier, 'authorityKeyIdentifier')
}
