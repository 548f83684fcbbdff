import { createPublicKey, verify } from 'node:crypto'
import { TAG, toDottedOid } from '../der-writer.ts'
import { contents, openReader, type Signed } from './parts.ts'

/** A public key as far as it can be judged without loading it. */
export interface KeyFacts {
  /** As in the configuration (`ec-p256`, `rsa-2048`), and further names for what the configuration does not know. */
  readonly keyType: string
  /** What is wrong with it, or null. */
  readonly weakness: string | null
  /** Whether a signature may be checked with it: it is of a kind that the crypto library loads quickly and safely. */
  readonly isUsable: boolean
}

const RSA = '1.2.840.113549.1.1.1'
const EC = '1.2.840.10045.2.1'
const OTHER_KEYS: Readonly<Record<string, string>> = {
  '1.3.101.110': 'x25519',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
}
const CURVES: Readonly<Record<string, { readonly name: string; readonly isStrong: boolean }>> = {
  '1.2.840.10045.3.1.1': { name: 'ec-p192', isStrong: false },
  '1.3.132.0.33': { name: 'ec-p224', isStrong: false },
  '1.2.840.10045.3.1.7': { name: 'ec-p256', isStrong: true },
  '1.3.132.0.34': { name: 'ec-p384', isStrong: true },
  '1.3.132.0.35': { name: 'ec-p521', isStrong: true },
  '1.3.132.0.10': { name: 'ec-secp256k1', isStrong: true },
}
const SIGNING_KEYS = new Set(['ed25519', 'ed448'])
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192 // hostile 29: a larger modulus is not loaded

/** Reads a SubjectPublicKeyInfo from its bytes; OpenSSL never sees it here (hostile 29, 32). */
export function toKeyFacts(spki: Buffer): KeyFacts {
  const r = openReader(spki)
  r.enter(TAG.sequence, 'subjectPublicKeyInfo')
  const algorithm = r.enter(TAG.sequence, 'algorithm')
  r.read(TAG.oid, 'algorithm')
  const oid = toDottedOid(contents(r))
  if (oid === EC) {
    if (r.peek() !== TAG.oid) return { keyType: 'ec', weakness: 'explicit curve parameters', isUsable: false }
    r.read(TAG.oid, 'curve')
    return toCurveFacts(toDottedOid(contents(r)))
  }
  if (oid !== RSA) return toOtherFacts(oid)
  r.at = r.end
  r.leave(algorithm, 'algorithm')
  r.read(TAG.bitString, 'subjectPublicKey')
  return toRsaFacts(contents(r).subarray(1))
}

function toCurveFacts(oid: string): KeyFacts {
  const curve = CURVES[oid]
  if (curve === undefined) return { keyType: `ec-${oid}`, weakness: 'an unusual curve', isUsable: false }
  return { keyType: curve.name, weakness: curve.isStrong ? null : 'a curve of less than 256 bits', isUsable: true }
}

function toOtherFacts(oid: string): KeyFacts {
  const keyType = OTHER_KEYS[oid] ?? `unknown-${oid}`
  const isUsable = SIGNING_KEYS.has(keyType)
  return { keyType, weakness: isUsable ? null : 'a kind of key that clients seldom accept', isUsable }
}

function toRsaFacts(der: Buffer): KeyFacts {
  const r = openReader(der)
  r.enter(TAG.sequence, 'RSAPublicKey')
  r.read(TAG.integer, 'modulus')
  const bits = bitLength(contents(r))
  r.read(TAG.integer, 'publicExponent')
  const exponent = contents(r)
  const isUsable = bits <= MAX_RSA_BITS && exponent.length <= 4
  const isUsual = exponent.length === 3 && exponent.readUIntBE(0, 3) === 65537
  const size = bits < MIN_RSA_BITS ? `less than ${MIN_RSA_BITS} bits` : bits > MAX_RSA_BITS ? 'oversized' : null
  return { keyType: `rsa-${bits}`, weakness: size ?? (isUsual ? null : 'a public exponent other than 65537'), isUsable }
}

function bitLength(integer: Buffer): number {
  const first = integer.findIndex((octet) => octet !== 0)
  return first === -1 ? 0 : (integer.length - first) * 8 - Math.clz32(integer[first] ?? 0) + 24
}

interface SignatureKind {
  readonly name: string
  readonly hash: string | null
  readonly isWeak: boolean
}

const SIGNATURES: Readonly<Record<string, SignatureKind>> = {
  '1.2.840.113549.1.1.4': { name: 'RSA with MD5', hash: 'md5', isWeak: true },
  '1.2.840.113549.1.1.5': { name: 'RSA with SHA-1', hash: 'sha1', isWeak: true },
  '1.2.840.113549.1.1.11': { name: 'RSA with SHA-256', hash: 'sha256', isWeak: false },
  '1.2.840.113549.1.1.12': { name: 'RSA with SHA-384', hash: 'sha384', isWeak: false },
  '1.2.840.113549.1.1.13': { name: 'RSA with SHA-512', hash: 'sha512', isWeak: false },
  '1.2.840.10045.4.1': { name: 'ECDSA with SHA-1', hash: 'sha1', isWeak: true },
  '1.2.840.10045.4.3.2': { name: 'ECDSA with SHA-256', hash: 'sha256', isWeak: false },
  '1.2.840.10045.4.3.3': { name: 'ECDSA with SHA-384', hash: 'sha384', isWeak: false },
  '1.2.840.10045.4.3.4': { name: 'ECDSA with SHA-512', hash: 'sha512', isWeak: false },
  '1.3.101.112': { name: 'Ed25519', hash: null, isWeak: false },
  '1.3.101.113': { name: 'Ed448', hash: null, isWeak: false },
}

/** The name of a signature algorithm, and whether it is one that can be forged; null when it is not known here. */
export function toSignatureKind(oid: string): { readonly name: string; readonly isWeak: boolean } | null {
  return SIGNATURES[oid] ?? null
}

/** Whether `spki` made the signature; `unchecked` when the key or the algorithm is not one that is checked here. */
export function checkSignature(signed: Signed, spki: Buffer): 'valid' | 'invalid' | 'unchecked' {
  const kind = SIGNATURES[signed.signatureOid]
  if (kind === undefined || !toKeyFacts(spki).isUsable) return 'unchecked'
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    return verify(kind.hash, signed.signedBytes, key, signed.signature) ? 'valid' : 'invalid'
  } catch {
    return 'invalid' // the key does not load (a point off its curve), or is not of the algorithm's kind
  }
}
