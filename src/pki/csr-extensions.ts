import { AppError } from '../kernel/errors.ts'
import type { DerReader } from './der.ts'
import { oid, TAG, toDottedOid } from './der-writer.ts'
import { type AlternativeNames, NO_ALTERNATIVE_NAMES, readAlternativeNames } from './requested-names.ts'

const EXTENSION_REQUEST = oid('1.2.840.113549.1.9.14') // RFC 2985 §5.4.2
/** Reads the value of an extension; the names, when it is the one that holds them. */
type ReadValue = (der: DerReader) => AlternativeNames | null

/** What is read of each extension that may be critical; the profile sets the last two itself, so asking for them changes nothing. */
const KNOWN: readonly { readonly id: Buffer; readonly readValue: ReadValue }[] = [
  { id: oid('2.5.29.17'), readValue: readAlternativeNames },
  { id: oid('2.5.29.15'), readValue: readKeyUsage },
  { id: oid('2.5.29.19'), readValue: readBasicConstraints },
  { id: oid('2.5.29.37'), readValue: skip(TAG.sequence, 'extendedKeyUsage') },
  { id: oid('2.5.29.14'), readValue: skip(TAG.octetString, 'subjectKeyIdentifier') },
]

const ATTRIBUTES = 0xa0 // RFC 2986 §4.1: [0] IMPLICIT, present even when empty
const SIGNS_CERTIFICATES_OR_CRLS = 0x06 // keyCertSign and cRLSign, bits 5 and 6 of RFC 5280 §4.2.1.3

/** The names that the attributes of a CSR ask for; every other attribute is stepped over, a second extensionRequest refused. */
export function readAttributes(der: DerReader): AlternativeNames {
  let names: AlternativeNames | null = null
  const attributes = der.enter(ATTRIBUTES, 'attributes')
  while (der.peek() !== 0) {
    const attribute = der.enter(TAG.sequence, 'attribute')
    der.read(TAG.oid, 'type of an attribute')
    const isExtensionRequest = der.isElement(EXTENSION_REQUEST)
    if (isExtensionRequest && names !== null) der.fail('extensionRequest stands twice') // hostile 14
    if (isExtensionRequest) names = readExtensionRequest(der)
    else der.read(TAG.set, 'values of an attribute')
    der.leave(attribute, 'attribute')
  }
  der.leave(attributes, 'attributes')
  return names ?? NO_ALTERNATIVE_NAMES
}

function readExtensionRequest(der: DerReader): AlternativeNames {
  let names = NO_ALTERNATIVE_NAMES
  const seen = new Set<string>()
  const values = der.enter(TAG.set, 'values of extensionRequest')
  const extensions = der.enter(TAG.sequence, 'extensions')
  while (der.peek() !== 0) {
    const extension = der.enter(TAG.sequence, 'extension')
    der.read(TAG.oid, 'type of an extension')
    const id = der.bytes.toString('latin1', der.start, der.stop)
    if (seen.has(id)) der.fail('an extension stands twice') // RFC 5280 §4.2
    seen.add(id)
    names = readExtension(der) ?? names
    der.leave(extension, 'extension')
  }
  der.leave(extensions, 'extensions')
  der.leave(values, 'values of extensionRequest')
  return names
}

/** Reads the rest of an extension whose type was read last. */
function readExtension(der: DerReader): AlternativeNames | null {
  const { start, stop } = der
  const known = KNOWN.find(({ id }) => der.isElement(id))
  const critical = readBoolean(der, 'criticality of an extension')
  der.read(TAG.octetString, 'value of an extension')
  if (known === undefined) {
    if (critical) refuse(toDottedOid(der.bytes.subarray(start, stop)), 'an unknown critical extension') // hostile 16
    return null
  }
  const value = der.enterOctets()
  const names = known.readValue(der)
  der.leave(value, 'value of an extension')
  return names
}

/** BOOLEAN DEFAULT FALSE; a FALSE that is written out (against X.690 §11.5) is unambiguous, and encoders in use do it. */
function readBoolean(der: DerReader, what: string): boolean {
  if (der.peek() !== TAG.boolean) return false
  der.read(TAG.boolean, what)
  return der.bytes[der.start] !== 0
}

/** RFC 5280 §4.2.1.9; hostile 15. */
function readBasicConstraints(der: DerReader): null {
  const outer = der.enter(TAG.sequence, 'basicConstraints')
  if (readBoolean(der, 'cA')) refuse('CA:TRUE', 'a workload never gets a certificate authority')
  if (der.peek() !== 0) der.read(TAG.integer, 'pathLenConstraint')
  der.leave(outer, 'basicConstraints')
  return null
}

function readKeyUsage(der: DerReader): null {
  der.read(TAG.bitString, 'keyUsage')
  const bits = der.stop - der.start > 1 ? (der.bytes[der.start + 1] ?? 0) : 0
  if ((bits & SIGNS_CERTIFICATES_OR_CRLS) !== 0) refuse('keyCertSign or cRLSign', 'a workload signs no certificates')
  return null
}

function skip(tag: number, what: string): ReadValue {
  return (der) => {
    der.read(tag, what)
    return null
  }
}

function refuse(seen: string, why: string): never {
  throw new AppError('csr.extension_not_allowed', `\`${seen}\` is not allowed: ${why}`, { seen })
}
