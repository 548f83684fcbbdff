import { isAscii, isUtf8 } from 'node:buffer'
import type { DerReader } from './der.ts'
import { oid, TAG } from './der-writer.ts'

/** The names that a CSR asks for: parsed, not judged. */
export interface RequestedNames {
  readonly uris: readonly string[]
  readonly dns: readonly string[]
  /** Addresses in hex: 8 digits, or 32. */
  readonly ips: readonly string[]
  readonly emails: readonly string[]
  /** Subject alternative names of any other kind. */
  readonly others: number
  readonly commonNames: readonly string[]
  readonly subjectEmpty: boolean
}

/** The subject alternative names alone. */
export type AlternativeNames = Omit<RequestedNames, 'commonNames' | 'subjectEmpty'>

export const NO_ALTERNATIVE_NAMES: AlternativeNames = { uris: [], dns: [], ips: [], emails: [], others: 0 }

const COMMON_NAME = oid('2.5.4.3')
const TEXT_TAGS: ReadonlySet<number> = new Set([TAG.utf8String, TAG.printableString, TAG.ia5String, TAG.numericString])
const MAX_COMMON_NAME_BYTES = 64 // RFC 5280 appendix A.1, ub-common-name

/** The common names of a Name (RFC 5280 §4.1.2.4); the rest of it is stepped over, as no subject is ever copied. */
export function readSubject(der: DerReader): Pick<RequestedNames, 'commonNames' | 'subjectEmpty'> {
  const commonNames: string[] = []
  const name = der.enter(TAG.sequence, 'subject')
  const subjectEmpty = der.peek() === 0
  while (der.peek() !== 0) {
    const relativeName = der.enter(TAG.set, 'relative distinguished name')
    if (der.peek() === 0) der.fail('a relative distinguished name is empty')
    while (der.peek() !== 0) readAttribute(der, commonNames)
    der.leave(relativeName, 'relative distinguished name')
  }
  der.leave(name, 'subject')
  return { commonNames, subjectEmpty }
}

function readAttribute(der: DerReader, commonNames: string[]): void {
  const attribute = der.enter(TAG.sequence, 'attribute of the subject')
  der.read(TAG.oid, 'type of an attribute of the subject')
  const isCommonName = der.isElement(COMMON_NAME)
  const text = readText(der)
  if (isCommonName) commonNames.push(checkCommonName(der, text))
  der.leave(attribute, 'attribute of the subject')
}

/** A string of today's kinds; those of ISO 2022 and UTF-16 are refused rather than guessed at. */
function readText(der: DerReader): Buffer {
  const tag = der.peek()
  if (!TEXT_TAGS.has(tag)) der.fail('an attribute of the subject is not a UTF8, Printable, IA5 or NumericString')
  der.read(tag, 'value of an attribute of the subject')
  const text = der.bytes.subarray(der.start, der.stop)
  const isWellFormed = tag === TAG.utf8String ? isUtf8(text) : isAscii(text)
  if (!isWellFormed) der.fail('an attribute of the subject is not the text that it says it is')
  return text
}

/** Hostile 22: what a log or a person could misread is refused. */
function checkCommonName(der: DerReader, contents: Buffer): string {
  if (contents.length > MAX_COMMON_NAME_BYTES) der.fail(`a common name is longer than ${MAX_COMMON_NAME_BYTES} bytes`)
  const text = contents.toString('utf8')
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) der.fail('a common name holds control or direction characters')
  return text
}

const EMAIL = 0x81
const DNS = 0x82
const URI = 0x86
const IP = 0x87
/** otherName, x400Address, directoryName, ediPartyName, registeredID. */
const OTHER_NAMES: ReadonlySet<number> = new Set([0xa0, 0xa3, 0xa4, 0xa5, 0x88])

/** GeneralNames (RFC 5280 §4.2.1.6), from DER and never from text (hostile 26). */
export function readAlternativeNames(der: DerReader): AlternativeNames {
  const names = { uris: [] as string[], dns: [] as string[], ips: [] as string[], emails: [] as string[], others: 0 }
  const outer = der.enter(TAG.sequence, 'subjectAltName')
  if (der.peek() === 0) der.fail('subjectAltName is empty')
  while (der.peek() !== 0) {
    const tag = der.peek()
    der.read(tag, 'name')
    if (tag === URI) names.uris.push(ia5Text(der))
    else if (tag === DNS) names.dns.push(ia5Text(der))
    else if (tag === EMAIL) names.emails.push(ia5Text(der))
    else if (tag === IP) names.ips.push(addressHex(der))
    else if (OTHER_NAMES.has(tag)) names.others++
    else der.fail('subjectAltName holds a name of an unknown kind')
  }
  der.leave(outer, 'subjectAltName')
  return names
}

/** Hostile 27: an IA5String of ours is printable ASCII. */
function ia5Text(der: DerReader): string {
  for (let i = der.start; i < der.stop; i++) {
    const octet = der.bytes[i] ?? 0
    if (octet < 0x20 || octet > 0x7e) der.fail('a name holds control bytes or is not ASCII')
  }
  return der.bytes.toString('latin1', der.start, der.stop)
}

function addressHex(der: DerReader): string {
  const length = der.stop - der.start
  if (length !== 4 && length !== 16) der.fail('an address is neither 4 nor 16 bytes')
  return der.bytes.toString('hex', der.start, der.stop)
}
