import type { UnixSeconds } from '../kernel/clock.ts'
import { timeText, YEAR_2050 } from './der-time.ts'
import type { KeyType } from './key-types.ts'
import { generalNamesDer, leafUsageExtensions, type SubjectNames } from './profile.ts'

/** What differs from leaf to leaf. */
export interface LeafFields {
  /** 16 bytes, positive: written as unsigned. */
  readonly serial: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer
  /** 20 bytes. */
  readonly subjectKeyId: Buffer
  /** The SPIFFE ID; further names make the slower way through the library. */
  readonly names: SubjectNames
}

/** Everything of a TBSCertificate that one issuer's leaves of one key type share, already in DER. */
export interface LeafTemplate {
  readonly keyType: KeyType
  readonly signatureAlgorithm: Buffer
  readonly version: Buffer
  readonly algorithmAndIssuer: Buffer
  readonly usageExtensions: Buffer
  readonly authorityKeyId: Buffer
}

/** Who signs: DER of its Name, its key id (20 bytes, hex) and the AlgorithmIdentifier of its signatures. */
export interface TemplateIssuer {
  readonly name: Buffer
  readonly keyId: string
  readonly signatureAlgorithm: Buffer
}

const VERSION_3 = Buffer.from('a003020102', 'hex') // RFC 5280 §4.1.2.1
const EMPTY_NAME = Buffer.from('3000', 'hex')
const SKI_HEADER = Buffer.from('301d0603551d0e04160414', 'hex') // RFC 5280 §4.2.1.2
const AKI_HEADER = Buffer.from('301f0603551d23041830168014', 'hex') // RFC 5280 §4.2.1.1
const SAN_OID_CRITICAL = Buffer.from('0603551d110101ff', 'hex') // RFC 5280 §4.2.1.6

/** Encodes once what the leaves of `issuer` with keys of `keyType` share. */
export function compileLeafTemplate(issuer: TemplateIssuer, keyType: KeyType): LeafTemplate {
  return {
    keyType,
    signatureAlgorithm: issuer.signatureAlgorithm,
    version: VERSION_3,
    algorithmAndIssuer: Buffer.concat([issuer.signatureAlgorithm, issuer.name]),
    usageExtensions: Buffer.concat(leafUsageExtensions(keyType).map((extension) => Buffer.from(extension.rawData))),
    authorityKeyId: Buffer.concat([AKI_HEADER, Buffer.from(issuer.keyId, 'hex')]),
  }
}

/** DER of a TBSCertificate (RFC 5280 §4.1.2): the bytes to lint and then to sign. */
export function fillLeafTemplate(template: LeafTemplate, fields: LeafFields): Buffer {
  const { uri, dns, ips } = fields.names
  const names = dns === undefined && ips === undefined ? null : generalNamesDer(fields.names)
  const serialStart = firstSignificantByte(fields.serial)
  const serialPad = (fields.serial[serialStart] ?? 0) >= 0x80 ? 1 : 0
  const serialLength = fields.serial.length - serialStart + serialPad
  const notBeforeLength = timeLength(fields.notBefore)
  const notAfterLength = timeLength(fields.notAfter)

  const sanLength = names === null ? tlvLength(tlvLength(uri.length)) : names.length
  const sanExtensionLength = SAN_OID_CRITICAL.length + tlvLength(sanLength)
  const extensionsLength =
    template.usageExtensions.length +
    SKI_HEADER.length +
    20 +
    template.authorityKeyId.length +
    tlvLength(sanExtensionLength)
  const bodyLength =
    VERSION_3.length +
    tlvLength(serialLength) +
    template.algorithmAndIssuer.length +
    tlvLength(notBeforeLength + notAfterLength) +
    EMPTY_NAME.length +
    fields.spki.length +
    tlvLength(tlvLength(extensionsLength))

  const out = Buffer.allocUnsafe(tlvLength(bodyLength))
  let at = header(out, 0, 0x30, bodyLength)
  at += VERSION_3.copy(out, at)
  at = header(out, at, 0x02, serialLength)
  if (serialPad === 1) out[at++] = 0
  at += fields.serial.copy(out, at, serialStart)
  at += template.algorithmAndIssuer.copy(out, at)
  at = header(out, at, 0x30, notBeforeLength + notAfterLength)
  at = time(out, at, fields.notBefore)
  at = time(out, at, fields.notAfter)
  at += EMPTY_NAME.copy(out, at)
  at += fields.spki.copy(out, at)
  at = header(out, at, 0xa3, tlvLength(extensionsLength))
  at = header(out, at, 0x30, extensionsLength)
  at += template.usageExtensions.copy(out, at)
  at += SKI_HEADER.copy(out, at)
  at += fields.subjectKeyId.copy(out, at, 0, 20)
  at += template.authorityKeyId.copy(out, at)
  at = header(out, at, 0x30, sanExtensionLength)
  at += SAN_OID_CRITICAL.copy(out, at)
  at = header(out, at, 0x04, sanLength)
  if (names === null) {
    at = header(out, at, 0x30, tlvLength(uri.length))
    at = header(out, at, 0x86, uri.length)
    at += out.write(uri, at, 'latin1')
  } else {
    at += names.copy(out, at)
  }
  return out
}

const BIT_STRING_UNUSED = 1

/** DER of the Certificate: the TBS, its algorithm and the signature (RFC 5280 §4.1). */
export function assembleCertificate(tbs: Buffer, signatureAlgorithm: Buffer, signature: Buffer): Buffer {
  const bits = BIT_STRING_UNUSED + signature.length
  const length = tbs.length + signatureAlgorithm.length + tlvLength(bits)
  const out = Buffer.allocUnsafe(tlvLength(length))
  let at = header(out, 0, 0x30, length)
  at += tbs.copy(out, at)
  at += signatureAlgorithm.copy(out, at)
  at = header(out, at, 0x03, bits)
  out[at++] = 0
  signature.copy(out, at)
  return out
}

function firstSignificantByte(serial: Buffer): number {
  let i = 0
  while (i < serial.length - 1 && serial[i] === 0) i++
  return i
}

/** Bytes of a TLV whose contents have `length` bytes (below 64 KiB: a CSR's limit keeps us there). */
function tlvLength(length: number): number {
  return length < 0x80 ? 2 + length : length < 0x100 ? 3 + length : 4 + length
}

function header(out: Buffer, at: number, tag: number, length: number): number {
  out[at] = tag
  if (length < 0x80) {
    out[at + 1] = length
    return at + 2
  }
  if (length < 0x100) {
    out[at + 1] = 0x81
    out[at + 2] = length
    return at + 3
  }
  if (length > 0xffff) throw new RangeError(`a TLV of ${length} bytes does not fit the leaf template`)
  out[at + 1] = 0x82
  out[at + 2] = length >> 8
  out[at + 3] = length & 0xff
  return at + 4
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
function timeLength(at: UnixSeconds): number {
  return at < YEAR_2050 ? 15 : 17
}

function time(out: Buffer, at: number, seconds: UnixSeconds): number {
  const text = timeText(seconds)
  out[at] = text.length === 13 ? 0x17 : 0x18
  out[at + 1] = text.length
  return at + 2 + out.write(text, at + 2, 'latin1')
}
