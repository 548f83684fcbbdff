import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { UnixSeconds } from '../kernel/clock.ts'
import type { KeyType } from './key-types.ts'
import { assembleCertificate } from './leaf-template.ts'
import { authorityExtensions } from './profile.ts'
import type { Signer } from './signer.ts'
import { x509 } from './x509.ts'

/** A root or intermediate to be: who it is for, its key, who signs it. */
export interface AuthorityDraft {
  readonly trustDomain: string
  readonly kind: 'root' | 'intermediate'
  readonly publicKey: KeyObject
  /** 16 bytes, positive. */
  readonly serial: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** The signer and the PEM of its certificate; for a root its own signer and null. */
  readonly signer: Signer
  readonly issuerCertificate: string | null
}

const UPPER_BOUND_NAME = 64 // RFC 5280 appendix A.1, ub-organization-name

/** Signs a root or intermediate and gives its PEM; the signature goes through the `Signer` port, so that the key may live anywhere. */
export async function buildAuthorityCertificate(draft: AuthorityDraft): Promise<string> {
  const spki = draft.publicKey.export({ type: 'spki', format: 'der' })
  const id = keyId(spki)
  const issuer = draft.issuerCertificate === null ? null : new x509.X509Certificate(draft.issuerCertificate)
  const subject = authorityName(draft.trustDomain, draft.kind, id)
  return signCertificate(draft, {
    subject,
    issuer: issuer?.subjectName ?? subject,
    publicKey: spki,
    extensions: authorityExtensions({
      subjectKeyId: id,
      authorityKeyId: draft.issuerCertificate === null ? null : readAuthorityCertificate(draft.issuerCertificate).keyId,
      trustDomain: draft.trustDomain,
      ...(draft.kind === 'intermediate' ? { pathLength: 0 } : {}),
    }),
  })
}

/** A cross-certificate to be: whose authority it certifies, and who signs it. */
interface CrossDraft extends Pick<AuthorityDraft, 'serial' | 'notBefore' | 'notAfter' | 'signer'> {
  /** PEM of the certificate that the authority has already. */
  readonly certificate: string
  readonly issuerCertificate: string
}

/** Certifies an authority once more: with the name, the key and the extensions of the certificate that it has (RFC 5280 §3.2). */
export async function buildCrossCertificate(draft: CrossDraft): Promise<string> {
  const certified = new x509.X509Certificate(draft.certificate)
  const { keyId: authorityKeyId } = readAuthorityCertificate(draft.issuerCertificate)
  return signCertificate(draft, {
    subject: certified.subjectName,
    issuer: new x509.X509Certificate(draft.issuerCertificate).subjectName,
    publicKey: certified.publicKey.rawData,
    extensions: [
      ...certified.extensions.filter(({ type }) => type !== AUTHORITY_KEY_ID),
      new x509.AuthorityKeyIdentifierExtension(authorityKeyId),
    ],
  })
}

const AUTHORITY_KEY_ID = '2.5.29.35'

interface Certified {
  readonly subject: string | x509.Name
  readonly issuer: string | x509.Name
  /** DER of its SubjectPublicKeyInfo. */
  readonly publicKey: ArrayBuffer | Buffer<ArrayBuffer>
  readonly extensions: x509.Extension[]
}

async function signCertificate(
  { serial, notBefore, notAfter, signer }: Pick<AuthorityDraft, 'serial' | 'notBefore' | 'notAfter' | 'signer'>,
  certified: Certified,
): Promise<string> {
  const skeleton = await x509.X509CertificateGenerator.create({
    ...certified,
    serialNumber: serial.toString('hex'),
    notBefore: new Date(notBefore * 1000),
    notAfter: new Date(notAfter * 1000),
    signingAlgorithm: LIBRARY_ALGORITHM[signer.keyType],
    signature: new Uint8Array(64),
  })
  const tbs = tbsOf(Buffer.from(skeleton.rawData))
  const der = assembleCertificate(tbs, signer.algorithm, await signer.sign(tbs))
  return `${new x509.X509Certificate(der).toString('pem')}\n`
}

/** Subject key identifier: the leftmost 160 bits of the SHA-256 of the SubjectPublicKeyInfo (after RFC 7093 §2), in hex. */
export function keyId(spki: Buffer): string {
  return createHash('sha256').update(spki).digest().subarray(0, 20).toString('hex')
}

/** What those below an authority are made and verified by. */
export interface AuthorityFields {
  /** DER of its subject Name. */
  readonly name: Buffer
  readonly publicKey: KeyObject
  /** Its subject key identifier as the certificate has it, hex: another CA may make them in another way (RFC 5280 §4.2.1.2). */
  readonly keyId: string
}

/** Reads the certificate (PEM) of an authority. */
export function readAuthorityCertificate(pem: string): AuthorityFields {
  const certificate = new x509.X509Certificate(pem)
  const spki = Buffer.from(certificate.publicKey.rawData)
  return {
    name: Buffer.from(certificate.subjectName.toArrayBuffer()),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    keyId: certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? keyId(spki),
  }
}

/** Distinct for every key, so that a path is never ambiguous. */
export function authorityName(trustDomain: string, kind: string, id: string): string {
  const organization = trustDomain.length <= UPPER_BOUND_NAME ? `O=${trustDomain}, ` : ''
  return `${organization}CN=Alcazar ${kind} ${id.slice(0, 8)}`
}

/** The first element inside a certificate: the bytes that its signature covers (RFC 5280 §4.1.1.1). */
function tbsOf(certificate: Buffer): Buffer {
  const start = headerLength(certificate, 0)
  const tbs = certificate.subarray(start)
  return tbs.subarray(0, headerLength(tbs, 0) + contentLength(tbs, 0))
}

function headerLength(der: Buffer, at: number): number {
  const first = der.readUInt8(at + 1)
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

function contentLength(der: Buffer, at: number): number {
  const first = der.readUInt8(at + 1)
  return first < 0x80 ? first : der.readUIntBE(at + 2, first & 0x7f)
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const LIBRARY_ALGORITHM: Record<KeyType, { readonly name: string; readonly hash?: string }> = {
  'ec-p256': { name: 'ECDSA', hash: 'SHA-256' },
  'ec-p384': { name: 'ECDSA', hash: 'SHA-384' },
  'rsa-2048': RSA,
  'rsa-3072': RSA,
  'rsa-4096': RSA,
  ed25519: { name: 'Ed25519' },
}
