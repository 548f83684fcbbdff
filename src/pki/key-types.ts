import { DER_NULL, oid, sequence } from './der-writer.ts'

/** Key types by the names of the configuration. */
export const KEY_TYPES = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096', 'ed25519'] as const
export type KeyType = (typeof KEY_TYPES)[number]

/** A way to sign: DER of its AlgorithmIdentifier, and the hash that it takes (null: it hashes by itself). */
export interface SignatureAlgorithm {
  readonly algorithm: Buffer
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null
}

interface KeyTypeRow {
  /** DER of the AlgorithmIdentifier in the SubjectPublicKeyInfo; curves by name alone. */
  readonly algorithm: Buffer
  /** Octets of the RSA modulus, of the uncompressed EC point with its 04, or of the Ed25519 key. */
  readonly size: number
  /** What signatures of such a key may be. */
  readonly signatures: readonly SignatureAlgorithm[]
}

const rsaEncryption = sequence(oid('1.2.840.113549.1.1.1'), DER_NULL) // RFC 3279 §2.3.1
const ed25519 = sequence(oid('1.3.101.112')) // RFC 8410 §3

const ECDSA: readonly SignatureAlgorithm[] = [
  { algorithm: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' }, // RFC 5758 §3.2
  { algorithm: sequence(oid('1.2.840.10045.4.3.3')), hash: 'sha384' },
  { algorithm: sequence(oid('1.2.840.10045.4.3.4')), hash: 'sha512' },
]
const RSA: readonly SignatureAlgorithm[] = [
  ...rsaWith('1.2.840.113549.1.1.11', 'sha256'),
  ...rsaWith('1.2.840.113549.1.1.12', 'sha384'),
  ...rsaWith('1.2.840.113549.1.1.13', 'sha512'),
]

/** The closed table of keys that can be certified; no SHA-1, no MD5, no RSASSA-PSS. */
export const KEYS: Readonly<Record<KeyType, KeyTypeRow>> = {
  'ec-p256': { algorithm: ecKey('1.2.840.10045.3.1.7'), size: 65, signatures: ECDSA },
  'ec-p384': { algorithm: ecKey('1.3.132.0.34'), size: 97, signatures: ECDSA },
  'rsa-2048': { algorithm: rsaEncryption, size: 256, signatures: RSA },
  'rsa-3072': { algorithm: rsaEncryption, size: 384, signatures: RSA },
  'rsa-4096': { algorithm: rsaEncryption, size: 512, signatures: RSA },
  ed25519: { algorithm: ed25519, size: 32, signatures: [{ algorithm: ed25519, hash: null }] },
}

/** How our own keys sign: P-384 with SHA-384, the others with the first of their signatures in the table. */
export function signatureOf(keyType: KeyType): SignatureAlgorithm {
  const { signatures } = KEYS[keyType]
  const wanted = keyType === 'ec-p384' ? signatures.find(({ hash }) => hash === 'sha384') : signatures[0]
  if (wanted === undefined) throw new TypeError(`keys of ${keyType} have no signature`)
  return wanted
}

function ecKey(namedCurve: string): Buffer {
  return sequence(oid('1.2.840.10045.2.1'), oid(namedCurve)) // RFC 5480 §2.1.1
}

/** The NULL belongs there, and one must take its absence as well (RFC 4055 §5). */
function rsaWith(algorithm: string, hash: 'sha256' | 'sha384' | 'sha512'): SignatureAlgorithm[] {
  return [
    { algorithm: sequence(oid(algorithm), DER_NULL), hash },
    { algorithm: sequence(oid(algorithm)), hash },
  ]
}
