import type { KeyType } from './key-types.ts'
import { x509 } from './x509.ts'

/** Names of a certificate; the URI is the SPIFFE ID. */
export interface SubjectNames {
  readonly uri: string
  readonly dns?: readonly string[]
  readonly ips?: readonly string[]
}

const { digitalSignature, keyEncipherment, keyCertSign, cRLSign } = x509.KeyUsageFlags
const EKU = x509.ExtendedKeyUsage

/** The leaf's extensions that do not depend on the key or the names (X-12, X-14, X-17…X-20), in their order. */
export function leafUsageExtensions(keyType: KeyType): x509.Extension[] {
  const usage = keyType.startsWith('rsa') ? digitalSignature | keyEncipherment : digitalSignature
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(usage, true),
    new x509.ExtendedKeyUsageExtension([EKU.serverAuth, EKU.clientAuth]),
  ]
}

/** Every extension of a leaf (RFC 5280 §4.2.1, X-1…X-20): this is the profile; the hot path must write these bytes. */
export function leafExtensions(leaf: {
  readonly keyType: KeyType
  readonly subjectKeyId: string
  readonly authorityKeyId: string
  readonly names: SubjectNames
}): x509.Extension[] {
  return [
    ...leafUsageExtensions(leaf.keyType),
    new x509.SubjectKeyIdentifierExtension(leaf.subjectKeyId),
    new x509.AuthorityKeyIdentifierExtension(leaf.authorityKeyId),
    new x509.SubjectAlternativeNameExtension(generalNames(leaf.names), true), // the subject is empty
  ]
}

/** The extensions of a root or intermediate (X-7…X-16); `pathLength` absent: unlimited. */
export function authorityExtensions(authority: {
  readonly subjectKeyId: string
  readonly authorityKeyId: string | null
  readonly trustDomain: string
  readonly pathLength?: number
}): x509.Extension[] {
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(true, authority.pathLength, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    new x509.SubjectKeyIdentifierExtension(authority.subjectKeyId),
  ]
  if (authority.authorityKeyId !== null) {
    extensions.push(new x509.AuthorityKeyIdentifierExtension(authority.authorityKeyId))
  }
  const id = `spiffe://${authority.trustDomain}`
  extensions.push(new x509.SubjectAlternativeNameExtension([{ type: 'url', value: id }]))
  return extensions
}

/** DER of the GeneralNames of a leaf: the URI first, then DNS names and addresses. */
export function generalNamesDer(names: SubjectNames): Buffer {
  return Buffer.from(new x509.GeneralNames(generalNames(names)).rawData)
}

function generalNames(names: SubjectNames): x509.JsonGeneralNames {
  return [
    { type: 'url', value: names.uri },
    ...(names.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(names.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
}
