import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { DER_NULL, oid, sequence, TAG, tlv } from '../../src/pki/der-writer.ts'
import type { KeyType } from '../../src/pki/key-types.ts'
import { toPem } from '../../src/pki/pem.ts'

/** What a CSR is to hold; everything has a default that makes a valid one. */
export interface CsrSpec {
  /** The private key; a P-256 key of the process unless given. */
  readonly key?: KeyObject
  readonly uris?: readonly string[]
  readonly dns?: readonly string[]
  readonly emails?: readonly string[]
  readonly ips?: readonly Uint8Array[]
  /** DER of further GeneralNames. */
  readonly generalNames?: readonly Buffer[]
  /** DER of the Name; empty unless given. */
  readonly subject?: Buffer
  /** DER of further extensions. */
  readonly extensions?: readonly Buffer[]
  /** DER of the attributes, in place of one extensionRequest. */
  readonly attributes?: readonly Buffer[]
  readonly version?: Buffer
  readonly spki?: Buffer
  readonly signatureAlgorithm?: Buffer
  /** Null: the key hashes by itself. */
  readonly hash?: string | null
  readonly signature?: (info: Buffer) => Buffer
  /** The last word, on the DER of the whole. */
  readonly mutate?: (der: Buffer) => Buffer
  readonly label?: string
}

export const P256_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
export const RSA_SHA256 = sequence(oid('1.2.840.113549.1.1.11'), DER_NULL)
export const ED25519 = sequence(oid('1.3.101.112'))
export const EVERY_KEY_TYPE: ReadonlySet<KeyType> = new Set([
  'ec-p256',
  'ec-p384',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'ed25519',
])

/** A CSR in PEM. */
export function buildCsr(spec: CsrSpec = {}): string {
  return toPem(spec.label ?? 'CERTIFICATE REQUEST', buildCsrDer(spec))
}

/** A CSR in DER (RFC 2986 §4), signed by `spec.key`. */
export function buildCsrDer(spec: CsrSpec = {}): Buffer {
  const der = signCsrInfo(buildCsrInfo(spec), spec)
  return spec.mutate?.(der) ?? der
}

/** The part of a CSR that is signed. */
export function buildCsrInfo(spec: CsrSpec): Buffer {
  return sequence(
    spec.version ?? tlv(TAG.integer, Buffer.from([0])),
    spec.subject ?? sequence(),
    spec.spki ?? createPublicKey(spec.key ?? P256_KEY).export({ type: 'spki', format: 'der' }),
    tlv(0xa0, ...(spec.attributes ?? defaultAttributes(spec))),
  )
}

/** A CSR of any bytes as its signed part. */
export function signCsrInfo(info: Buffer, spec: CsrSpec): Buffer {
  const key = spec.key ?? P256_KEY
  const hash = spec.hash === undefined ? (key.asymmetricKeyType === 'ed25519' ? null : 'sha256') : spec.hash
  const signature = spec.signature?.(info) ?? sign(hash, info, key)
  return sequence(info, spec.signatureAlgorithm ?? algorithmOf(key), bitString(signature))
}

function defaultAttributes(spec: CsrSpec): Buffer[] {
  const names = [
    ...(spec.uris ?? []).map((uri) => generalName(0x86, uri)),
    ...(spec.dns ?? []).map((dns) => generalName(0x82, dns)),
    ...(spec.emails ?? []).map((email) => generalName(0x81, email)),
    ...(spec.ips ?? []).map((ip) => tlv(0x87, ip)),
    ...(spec.generalNames ?? []),
  ]
  const extensions = [...(names.length > 0 ? [subjectAltName(...names)] : []), ...(spec.extensions ?? [])]
  return extensions.length > 0 ? [extensionRequest(...extensions)] : []
}

function algorithmOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return ED25519
  return key.asymmetricKeyType === 'rsa' ? RSA_SHA256 : ECDSA_SHA256
}

export function extensionRequest(...extensions: readonly Buffer[]): Buffer {
  return sequence(oid('1.2.840.113549.1.9.14'), tlv(TAG.set, sequence(...extensions)))
}

export function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [tlv(TAG.boolean, Buffer.from([0xff]))] : []
  return sequence(oid(id), ...flag, tlv(TAG.octetString, value))
}

export function subjectAltName(...names: readonly Buffer[]): Buffer {
  return extension('2.5.29.17', sequence(...names), true)
}

export function generalName(tag: number, text: string): Buffer {
  return tlv(tag, Buffer.from(text, 'latin1'))
}

/** A Name of one attribute. */
export function nameOf(type: string, value: Buffer | string, tag: number = TAG.utf8String): Buffer {
  return sequence(tlv(TAG.set, sequence(oid(type), tlv(tag, Buffer.from(value)))))
}

export function commonName(value: Buffer | string, tag?: number): Buffer {
  return nameOf('2.5.4.3', value, tag)
}

export function bitString(contents: Uint8Array): Buffer {
  return tlv(TAG.bitString, Buffer.from([0]), contents)
}

/** DER of a positive INTEGER. */
export function unsigned(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return tlv(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** DER of the SubjectPublicKeyInfo of an RSA key with these numbers, whether such a key can be or not. */
export function rsaSpki(modulus: bigint, exponent: bigint): Buffer {
  const algorithm = sequence(oid('1.2.840.113549.1.1.1'), DER_NULL)
  return sequence(algorithm, bitString(sequence(unsigned(modulus), unsigned(exponent))))
}

/** DER of the SubjectPublicKeyInfo of an EC key with this point. */
export function ecSpki(parameters: Buffer, point: Uint8Array): Buffer {
  return sequence(sequence(oid('1.2.840.10045.2.1'), parameters), bitString(point))
}
