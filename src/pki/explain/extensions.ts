import { AppError } from '../../kernel/errors.ts'
import { TAG, toDottedOid } from '../der-writer.ts'
import { type AlternativeName, parseAlternativeNames } from './names.ts'
import { contents, openReader, type RawExtension } from './parts.ts'

/** An extension that was there; null where it was not. */
interface Present<T> {
  readonly critical: boolean
  readonly value: T
}

/** What the extensions of a certificate or a CSR say. */
export interface ExtensionFacts {
  readonly names: Present<readonly AlternativeName[]> | null
  readonly keyUsage: Present<readonly string[]> | null
  readonly extendedKeyUsage: Present<readonly string[]> | null
  readonly basicConstraints: Present<{ readonly isCa: boolean; readonly pathLength: number | null }> | null
  readonly subjectKeyId: string | null
  readonly authorityKeyId: string | null
  /** Those that stand twice, cannot be read, or are critical and known to nobody, with what is wrong. */
  readonly problems: readonly { readonly kind: 'repeated' | 'malformed' | 'unknown_critical'; readonly text: string }[]
}

const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const ALTERNATIVE_NAMES = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const AUTHORITY_KEY_ID = '2.5.29.35'
const EXTENDED_KEY_USAGE = '2.5.29.37'
/** Critical ones that X.509 libraries handle although nothing is said of them here. */
const HANDLED_ELSEWHERE = new Set(['2.5.29.30', '2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'])

const USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]
const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
}

/** Reads the extensions that matter here; one that cannot be read becomes a problem and hides none of the others. */
export function toExtensionFacts(extensions: readonly RawExtension[]): ExtensionFacts {
  const problems: { kind: 'repeated' | 'malformed' | 'unknown_critical'; text: string }[] = []
  const byOid = new Map<string, RawExtension>()
  for (const extension of extensions) {
    if (byOid.has(extension.oid)) problems.push({ kind: 'repeated', text: `extension ${extension.oid} stands twice` })
    else byOid.set(extension.oid, extension)
  }
  const find = <T>(oid: string, parse: (value: Buffer) => T): Present<T> | null => {
    const extension = byOid.get(oid)
    byOid.delete(oid)
    if (extension === undefined) return null
    try {
      return { critical: extension.critical, value: parse(extension.value) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      problems.push({ kind: 'malformed', text: `extension ${oid} cannot be read: ${error.message}` })
      return null
    }
  }
  const facts = {
    names: find(ALTERNATIVE_NAMES, parseAlternativeNames),
    keyUsage: find(KEY_USAGE, parseKeyUsage),
    extendedKeyUsage: find(EXTENDED_KEY_USAGE, parseExtendedKeyUsage),
    basicConstraints: find(BASIC_CONSTRAINTS, parseBasicConstraints),
    subjectKeyId: find(SUBJECT_KEY_ID, parseKeyId)?.value ?? null,
    authorityKeyId: find(AUTHORITY_KEY_ID, parseAuthorityKeyId)?.value ?? null,
  }
  for (const { oid, critical } of byOid.values()) {
    if (!critical || HANDLED_ELSEWHERE.has(oid)) continue
    problems.push({
      kind: 'unknown_critical',
      text: `extension ${oid} is critical and unknown: most clients refuse it`,
    })
  }
  return { ...facts, problems }
}

function parseKeyUsage(der: Buffer): readonly string[] {
  const r = openReader(der)
  r.read(TAG.bitString, 'keyUsage')
  const bits = contents(r).subarray(1)
  return USAGES.filter((_, bit) => (((bits[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0) // RFC 5280 §4.2.1.3: bit 0 first
}

function parseExtendedKeyUsage(der: Buffer): readonly string[] {
  const r = openReader(der)
  r.enter(TAG.sequence, 'extKeyUsage')
  const usages: string[] = []
  while (r.peek() !== 0) {
    r.read(TAG.oid, 'key purpose')
    const oid = toDottedOid(contents(r))
    usages.push(EXTENDED_USAGES[oid] ?? oid)
  }
  return usages
}

function parseBasicConstraints(der: Buffer): { isCa: boolean; pathLength: number | null } {
  const r = openReader(der)
  r.enter(TAG.sequence, 'basicConstraints')
  let isCa = false
  if (r.peek() === TAG.boolean) {
    r.read(TAG.boolean, 'cA')
    isCa = contents(r)[0] === 0xff
  }
  if (r.peek() === 0) return { isCa, pathLength: null }
  r.read(TAG.integer, 'pathLenConstraint')
  return { isCa, pathLength: Number(BigInt(`0x${contents(r).toString('hex')}`)) }
}

function parseKeyId(der: Buffer): string {
  const r = openReader(der)
  r.read(TAG.octetString, 'subjectKeyIdentifier')
  return contents(r).toString('hex')
}

const KEY_IDENTIFIER = 0x80

function parseAuthorityKeyId(der: Buffer): string | null {
  const r = openReader(der)
  r.enter(TAG.sequence, 'authorityKeyIdentifier')
  if (r.peek() !== KEY_IDENTIFIER) return null
  r.read(KEY_IDENTIFIER, 'keyIdentifier')
  return contents(r).toString('hex')
}
