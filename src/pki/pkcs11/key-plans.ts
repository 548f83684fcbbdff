import { oid, sequence, TAG, tlv, unsignedInteger } from '../der-writer.ts'
import { KEYS, type KeyType } from '../key-types.ts'
import * as CK from './constants.ts'

/** What PKCS #11 wants to hear of a type of key. */
export interface KeyPlan {
  /** CKK: what the objects of such a key are. */
  readonly kind: number
  /** CKM of its generation and of its signatures. */
  readonly generate: number
  readonly sign: number
  /** What the template of its public key has beyond that of every key. */
  readonly wanted: readonly { readonly type: number; readonly value: number | Buffer }[]
  /** Octets of a signature, as the token gives it. */
  readonly signatureBytes: number
  /** The attributes that make up its public key, and the contents of their subjectPublicKey. */
  readonly publicParts: readonly number[]
  readonly toPublicBits: (parts: readonly Buffer[]) => Buffer
  /** What is given to the token: the data, or its hash. */
  readonly signs: 'data' | 'hash'
  /** From the token's form to that of a certificate. */
  readonly toSignature: (bytes: Buffer) => Buffer
}

const PUBLIC_EXPONENT = Buffer.from([0x01, 0x00, 0x01])

/** The closed table; signatures are those of `signatureOf` (key-types.ts). */
export const KEY_PLANS: Readonly<Record<KeyType, KeyPlan>> = {
  'ec-p256': ecdsa('ec-p256', '1.2.840.10045.3.1.7'),
  'ec-p384': ecdsa('ec-p384', '1.3.132.0.34'),
  'rsa-2048': rsa('rsa-2048'),
  'rsa-3072': rsa('rsa-3072'),
  'rsa-4096': rsa('rsa-4096'),
  ed25519: {
    kind: CK.CKK_EC_EDWARDS,
    generate: CK.CKM_EC_EDWARDS_KEY_PAIR_GEN,
    sign: CK.CKM_EDDSA,
    wanted: [{ type: CK.CKA_EC_PARAMS, value: oid('1.3.101.112') }], // RFC 8410 §3
    signatureBytes: 64,
    publicParts: [CK.CKA_EC_POINT],
    toPublicBits: ([point]) => toPoint(point, KEYS.ed25519.size),
    signs: 'data',
    toSignature: (bytes) => bytes,
  },
}

function ecdsa(keyType: 'ec-p256' | 'ec-p384', curve: string): KeyPlan {
  return {
    kind: CK.CKK_EC,
    generate: CK.CKM_EC_KEY_PAIR_GEN,
    sign: CK.CKM_ECDSA,
    wanted: [{ type: CK.CKA_EC_PARAMS, value: oid(curve) }],
    signatureBytes: KEYS[keyType].size - 1,
    publicParts: [CK.CKA_EC_POINT],
    toPublicBits: ([point]) => toPoint(point, KEYS[keyType].size),
    signs: 'hash',
    toSignature: toEcdsaSigValue,
  }
}

function rsa(keyType: 'rsa-2048' | 'rsa-3072' | 'rsa-4096'): KeyPlan {
  return {
    kind: CK.CKK_RSA,
    generate: CK.CKM_RSA_PKCS_KEY_PAIR_GEN,
    sign: CK.CKM_SHA256_RSA_PKCS,
    wanted: [
      { type: CK.CKA_MODULUS_BITS, value: KEYS[keyType].size * 8 },
      { type: CK.CKA_PUBLIC_EXPONENT, value: PUBLIC_EXPONENT },
    ],
    signatureBytes: KEYS[keyType].size,
    publicParts: [CK.CKA_MODULUS, CK.CKA_PUBLIC_EXPONENT],
    toPublicBits: (parts) => sequence(...parts.map(unsignedInteger)), // RFC 8017 §A.1.1
    signs: 'data',
    toSignature: (bytes) => bytes,
  }
}

/** The point in an OCTET STRING (PKCS #11 v2.40 §2.3.3); older tokens give its octets alone. */
function toPoint(value: Buffer | undefined, size: number): Buffer {
  const point = value?.subarray(-size)
  if (value === undefined || point?.length !== size) throw new Error('the token gives no whole point of a public key')
  if (value.length === size || value.equals(tlv(TAG.octetString, point))) return point
  throw new Error('the token gives the point of a public key in an unknown form')
}

/** R and S, each half of the octets (PKCS #11 v2.40 §2.3.1), as an ECDSA-Sig-Value (RFC 3279 §2.2.3). */
function toEcdsaSigValue(bytes: Buffer): Buffer {
  const half = bytes.length / 2
  return sequence(unsignedInteger(bytes.subarray(0, half)), unsignedInteger(bytes.subarray(half)))
}

/** DER of the SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of a key of this type. */
export function toSpki(keyType: KeyType, parts: readonly Buffer[]): Buffer {
  const bits = tlv(TAG.bitString, Buffer.from([0]), KEY_PLANS[keyType].toPublicBits(parts))
  return sequence(KEYS[keyType].algorithm, bits)
}
