import type { UnixSeconds } from '../kernel/clock.ts'
import type { DerReader } from './der.ts'
import { TAG } from './der-writer.ts'
import {
  contents,
  openReader,
  readElement,
  readExtensions,
  readSignature,
  readTime,
  type Signed,
} from './explain/parts.ts'

/** What a complete CRL says (RFC 5280 §5.1); nothing is verified. */
export interface ParsedCrl extends Signed {
  readonly der: Buffer
  /** DER of the issuer's Name. */
  readonly issuer: Buffer
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  /** Null where it has none, or one that no number holds. */
  readonly number: number | null
  /** Of the revoked certificates, lower-case hex of their DER contents without leading zeros. */
  readonly serials: ReadonlySet<string>
}

const CRL_NUMBER = '2.5.29.20' // §5.2.3
const EXTENSIONS = 0xa0 // §5.1: [0] EXPLICIT
const TIMES: ReadonlySet<number> = new Set([0x17, 0x18])

/**
 * Reads a CRL; throws `request.malformed`, also for one with a critical extension: it would be a delta, or a list of some
 * certificates only, and must not be taken for all of what its issuer has revoked (§5.2.4, §5.2.5).
 */
export function parseCrl(der: Buffer): ParsedCrl {
  const r = openReader(der)
  const outer = r.enter(TAG.sequence, 'CertificateList')
  const list = r.enter(TAG.sequence, 'tbsCertList')
  const signedBytes = der.subarray(r.head, r.stop)
  if (r.peek() === TAG.integer) r.read(TAG.integer, 'version') // §5.1.2.1
  r.read(TAG.sequence, 'signature')
  const issuer = readElement(r, 'issuer')
  const thisUpdate = readTime(r, 'thisUpdate')
  if (!TIMES.has(r.peek())) r.fail('nextUpdate is missing (RFC 5280 §5.1.2.5)')
  const nextUpdate = readTime(r, 'nextUpdate')
  const serials = r.peek() === TAG.sequence ? readRevoked(r) : new Set<string>()
  const number = r.peek() === EXTENSIONS ? readNumber(r) : null
  r.leave(list, 'tbsCertList')
  const signature = readSignature(r)
  r.leave(outer, 'CertificateList')
  if (r.peek() !== 0) r.fail('bytes stand behind the CRL')
  return { der, issuer, thisUpdate, nextUpdate, number, serials, signedBytes, ...signature }
}

/** A serial as `ParsedCrl` has it. */
export function toCrlSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '')
}

function readRevoked(r: DerReader): ReadonlySet<string> {
  const outer = r.enter(TAG.sequence, 'revokedCertificates')
  const serials = new Set<string>()
  while (r.peek() !== 0) {
    const entry = r.enter(TAG.sequence, 'revokedCertificate')
    r.read(TAG.integer, 'userCertificate')
    serials.add(toCrlSerial(contents(r).toString('hex')))
    readTime(r, 'revocationDate')
    if (r.peek() === TAG.sequence) refuseCritical(r)
    r.leave(entry, 'revokedCertificate')
  }
  r.leave(outer, 'revokedCertificates')
  return serials
}

function readNumber(r: DerReader): number | null {
  const outer = r.enter(EXTENSIONS, 'crlExtensions')
  const found = refuseCritical(r).find(({ oid }) => oid === CRL_NUMBER)
  r.leave(outer, 'crlExtensions')
  if (found === undefined) return null
  const reader = openReader(found.value)
  reader.read(TAG.integer, 'cRLNumber')
  const number = Number(`0x${contents(reader).toString('hex')}`)
  return Number.isSafeInteger(number) ? number : null
}

function refuseCritical(r: DerReader) {
  const extensions = readExtensions(r)
  const critical = extensions.find((one) => one.critical)
  if (critical !== undefined) r.fail(`extension ${critical.oid} is critical: it is not a complete CRL of its issuer`)
  return extensions
}
