import { isIPv6 } from 'node:net'
import { TAG, toDottedOid } from '../der-writer.ts'
import { contents, openReader } from './parts.ts'

/** One alternative name, as `openssl` writes it: `URI:spiffe://…`, `DNS:…`, `IP:…`. */
export interface AlternativeName {
  readonly kind: string
  readonly value: string
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}
const BMP_STRING = 0x1e
const MAX_NAME_LENGTH = 1024

/** A distinguished name for people, in the order of the certificate (`O=cluster.local, CN=…`); empty for the empty name. */
export function toNameText(der: Buffer): string {
  const r = openReader(der)
  r.enter(TAG.sequence, 'name')
  const parts: string[] = []
  while (r.peek() !== 0) {
    const set = r.enter(TAG.set, 'relative name')
    while (r.peek() !== 0) {
      const attribute = r.enter(TAG.sequence, 'attribute')
      r.read(TAG.oid, 'attribute type')
      const oid = toDottedOid(contents(r))
      const tag = r.peek()
      r.read(tag, 'attribute value')
      parts.push(`${SHORT_NAMES[oid] ?? oid}=${escapeValue(toText(tag, contents(r)))}`)
      r.leave(attribute, 'attribute')
    }
    r.leave(set, 'relative name')
  }
  return parts.join(', ').slice(0, MAX_NAME_LENGTH)
}

const GENERAL_NAME: Readonly<Record<number, string>> = {
  160: 'otherName',
  129: 'email',
  130: 'DNS',
  163: 'x400Address',
  164: 'dirName',
  165: 'ediPartyName',
  134: 'URI',
  135: 'IP',
  136: 'registeredID',
}
const DIRECTORY_NAME = 0xa4
const IP_ADDRESS = 0x87
const REGISTERED_ID = 0x88
const CONSTRUCTED = 0x20

/** The GeneralNames of a subjectAltName extension (RFC 5280 §4.2.1.6), each name read from its own bytes. */
export function parseAlternativeNames(der: Buffer): readonly AlternativeName[] {
  const r = openReader(der)
  const outer = r.enter(TAG.sequence, 'subjectAltName')
  const names: AlternativeName[] = []
  while (r.peek() !== 0) {
    const tag = r.peek()
    r.read(tag, 'general name')
    names.push({ kind: GENERAL_NAME[tag] ?? 'unknown', value: generalNameValue(tag, contents(r)) })
  }
  r.leave(outer, 'subjectAltName')
  return names
}

function generalNameValue(tag: number, value: Buffer): string {
  if (tag === IP_ADDRESS) return toAddressText(value)
  if (tag === REGISTERED_ID) return toDottedOid(value)
  if (tag === DIRECTORY_NAME) return toNameText(value)
  return (tag & CONSTRUCTED) === 0 ? value.toString('latin1') : `(${value.length} bytes)`
}

function toAddressText(value: Buffer): string {
  if (value.length === 4) return value.join('.')
  const groups = Array.from({ length: value.length / 2 }, (_, i) => value.readUInt16BE(i * 2).toString(16)).join(':')
  return isIPv6(groups) ? new URL(`http://[${groups}]`).hostname.slice(1, -1) : value.toString('hex')
}

function toText(tag: number, value: Buffer): string {
  if (tag === TAG.utf8String) return value.toString('utf8')
  if (tag === BMP_STRING && value.length % 2 === 0) return Buffer.from(value).swap16().toString('utf16le')
  return value.toString('latin1')
}

/** RFC 4514 §2.4: what would read as another attribute is escaped. */
function escapeValue(text: string): string {
  return text.replace(/[\\",+<>;=]/g, '\\$&')
}
