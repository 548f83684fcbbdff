import { verify } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import type { DerReader } from './der.ts'
import { TAG, toDottedOid } from './der-writer.ts'
import { hasSmallOrder } from './ed25519-small-order.ts'
import { KEY_TYPES, KEYS, type KeyType, type SignatureAlgorithm } from './key-types.ts'
import { problemOfModulus } from './rsa-modulus.ts'

/** A SubjectPublicKeyInfo whose form, size and parameters are allowed; the point itself is checked by `verifies`. */
export interface SubjectPublicKey {
  readonly keyType: KeyType
  /** DER of the whole SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

const EXPONENT_65537 = Buffer.from([0x01, 0x00, 0x01])
const UNCOMPRESSED = 0x04 // SEC 1 §2.3.3

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); throws `csr.key_not_allowed` with the allowed types.
 * OpenSSL sees none of it before it stood this: explicit curves (hostile 32), huge RSA (29) and unknown types (35) cost nothing.
 */
export function readPublicKey(der: DerReader, allowed: ReadonlySet<KeyType>): SubjectPublicKey {
  const outer = der.enter(TAG.sequence, 'subjectPublicKeyInfo')
  const head = der.head
  der.read(TAG.sequence, 'algorithm of the public key')
  const family = KEY_TYPES.find((keyType) => der.isElement(KEYS[keyType].algorithm))
  if (family === undefined) throw notAllowed(describeAlgorithm(der), allowed)
  der.read(TAG.bitString, 'subjectPublicKey')
  const keyType = family.startsWith('rsa') ? readRsaKey(der, allowed) : checkKeyBits(der, family, allowed)
  der.leave(outer, 'subjectPublicKeyInfo')
  if (!allowed.has(keyType)) throw notAllowed(keyType, allowed)
  return { keyType, spki: der.bytes.subarray(head, der.at) }
}

/** What a signature is over, and how it was made. */
export interface SignedBytes {
  readonly data: Buffer
  readonly algorithm: SignatureAlgorithm
  readonly signature: Buffer
}

/**
 * Whether the key signed it; `csr.key_not_allowed` when OpenSSL does not take the key (a point off the curve, hostile 33).
 * The key goes in as DER: a KeyObject for each CSR would wait for the collector of old objects.
 */
export function verifies({ keyType, spki }: SubjectPublicKey, { data, algorithm, signature }: SignedBytes): boolean {
  try {
    return verify(algorithm.hash, data, { key: spki, format: 'der', type: 'spki' }, signature)
  } catch (cause) {
    throw new AppError('csr.key_not_allowed', `the ${keyType} public key is not a valid one`, { cause })
  }
}

function checkKeyBits(der: DerReader, keyType: KeyType, allowed: ReadonlySet<KeyType>): KeyType {
  const first = der.start + 1
  const isWhole = der.bytes[der.start] === 0 && der.stop - first === KEYS[keyType].size
  const isPlain = keyType === 'ed25519' || der.bytes[first] === UNCOMPRESSED
  if (!isWhole || !isPlain) throw notAllowed(`${keyType} with a compressed point or of a wrong length`, allowed)
  if (keyType === 'ed25519' && hasSmallOrder(der.bytes.subarray(first, der.stop)))
    throw new AppError('csr.key_not_allowed', 'the Ed25519 key is a point of small order: generate a new key')
  return keyType
}

/** RSAPublicKey (RFC 8017 §A.1.1): the size is judged before anything is computed with the modulus (hostile 29). */
function readRsaKey(der: DerReader, allowed: ReadonlySet<KeyType>): KeyType {
  const bitString = der.enterBits('subjectPublicKey')
  const outer = der.enter(TAG.sequence, 'RSAPublicKey')
  der.read(TAG.integer, 'RSA modulus')
  const first = der.bytes[der.start] === 0 ? der.start + 1 : der.start
  const modulus = der.bytes.subarray(first, der.stop)
  const keyType = rsaTypeOf(modulus, first > der.start)
  if (keyType === undefined) throw notAllowed(`rsa-${bitLength(modulus)}`, allowed)
  der.read(TAG.integer, 'RSA exponent')
  if (!der.hasContents(EXPONENT_65537)) throw notAllowed('RSA with a public exponent other than 65537', allowed)
  der.leave(outer, 'RSAPublicKey')
  der.leave(bitString, 'subjectPublicKey')
  const problem = allowed.has(keyType) ? problemOfModulus(modulus) : null
  if (problem !== null) throw new AppError('csr.key_not_allowed', `${problem}: generate a new key`)
  return keyType
}

/** A modulus of exactly so many bits has its top bit set, so that DER puts a zero before it. */
function rsaTypeOf(modulus: Buffer, zeroBefore: boolean): KeyType | undefined {
  if (!zeroBefore) return undefined
  return KEY_TYPES.find((keyType) => keyType.startsWith('rsa') && KEYS[keyType].size === modulus.length)
}

function bitLength(modulus: Buffer): number {
  return modulus.length === 0 ? 0 : modulus.length * 8 - (Math.clz32(modulus[0] ?? 0) - 24)
}

/** The algorithm and its first parameter in dots, of the AlgorithmIdentifier that was read last. */
function describeAlgorithm(der: DerReader): string {
  const { at, end } = der
  der.at = der.start
  der.end = der.stop
  der.read(TAG.oid, 'algorithm of the public key')
  let text = toDottedOid(der.bytes.subarray(der.start, der.stop))
  if (der.peek() === TAG.oid) {
    der.read(TAG.oid, 'parameters of the public key')
    text += ` ${toDottedOid(der.bytes.subarray(der.start, der.stop))}`
  } else if (der.peek() !== 0) {
    text += ' with parameters of its own'
  }
  der.at = at
  der.end = end
  return text
}

function notAllowed(seen: string, allowed: ReadonlySet<KeyType>): AppError {
  const wanted = [...allowed].join(', ')
  return new AppError('csr.key_not_allowed', `a key of type \`${seen}\` is not allowed: use one of ${wanted}`, {
    wanted,
    seen,
  })
}
