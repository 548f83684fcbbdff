import { hash } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import { readAttributes } from './csr-extensions.ts'
import { DerReader } from './der.ts'
import { TAG, toDottedOid } from './der-writer.ts'
import { KEYS, type KeyType, type SignatureAlgorithm } from './key-types.ts'
import { parsePem } from './pem.ts'
import { readPublicKey, verifies } from './public-key.ts'
import { type RequestedNames, readSubject } from './requested-names.ts'

/** A certification request (RFC 2986) that is well-formed, allowed, and signed by the key in it; its names are not judged yet. */
export interface Csr {
  readonly der: Buffer
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer
  readonly keyType: KeyType
  readonly spkiSha256: Buffer
  /** SHA-256 of the whole DER. */
  readonly csrSha256: Buffer
  readonly names: RequestedNames
}

/** The limits of a CSR, null lifting one, and the key types that may be certified. */
export interface CsrOptions {
  readonly maxBytes: number | null
  readonly asn1Depth: number | null
  readonly allowed: ReadonlySet<KeyType>
}

const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'] // RFC 7468 §7
const VERSION = Buffer.from([0]) // RFC 2986 §4.1: v1 is 0

/**
 * Reads and checks a PEM CSR: `csr.too_large`, `csr.malformed`, `csr.key_not_allowed`, `csr.extension_not_allowed`,
 * `csr.signature_invalid`. What is cheap comes first, so that a hostile CSR is refused before it costs a verification.
 */
export function parseCsr(pem: string, options: CsrOptions): Csr {
  refuseTooLarge(pem, options.maxBytes) // 1 before anything is decoded (hostile 41)
  const bytes = parsePem(pem, LABELS, 'csr.malformed') // 2
  const der = new DerReader(bytes, { code: 'csr.malformed', maxDepth: options.asn1Depth }) // 3 all lengths and the depth
  const { info, key, names, signed } = readRequest(der, options.allowed) // 4 every field, each with its rule
  const isSigned = verifies(key, { data: info, ...signed }) // 5 possession of the key; OpenSSL sees only what stood all that
  if (!isSigned) throw new AppError('csr.signature_invalid', 'the CSR is not signed by the key in it')
  return {
    der: bytes,
    spki: key.spki,
    keyType: key.keyType,
    spkiSha256: hash('sha256', key.spki, 'buffer'),
    csrSha256: hash('sha256', bytes, 'buffer'),
    names,
  }
}

/** In characters, which for PEM are bytes. */
function refuseTooLarge(pem: string, maxBytes: number | null): void {
  if (maxBytes === null || pem.length <= maxBytes) return
  const detail = { wanted: `at most ${maxBytes} bytes`, seen: `${pem.length} bytes` }
  throw new AppError('csr.too_large', `the CSR is longer than ${maxBytes} bytes`, detail)
}

/** CertificationRequest (RFC 2986 §4.2), field by field. */
function readRequest(der: DerReader, allowed: ReadonlySet<KeyType>) {
  const request = der.enter(TAG.sequence, 'certificationRequest')
  const infoOuter = der.enter(TAG.sequence, 'certificationRequestInfo')
  const infoStart = der.head
  der.read(TAG.integer, 'version')
  if (!der.hasContents(VERSION)) der.fail('the version is not 0') // hostile 13
  const subject = readSubject(der)
  const key = readPublicKey(der, allowed)
  const alternativeNames = readAttributes(der)
  der.leave(infoOuter, 'certificationRequestInfo')
  const info = der.bytes.subarray(infoStart, der.at)
  const signed = readSignature(der, key.keyType)
  der.leave(request, 'certificationRequest')
  if (der.peek() !== 0) der.fail('bytes stand behind the CSR') // hostile 3
  return { info, key, names: { ...alternativeNames, ...subject }, signed }
}

interface Signed {
  readonly algorithm: SignatureAlgorithm
  readonly signature: Buffer
}

function readSignature(der: DerReader, keyType: KeyType): Signed {
  der.read(TAG.sequence, 'signatureAlgorithm')
  const algorithm = KEYS[keyType].signatures.find((row) => der.isElement(row.algorithm))
  if (algorithm === undefined) throw signatureAlgorithmRefused(der, keyType)
  der.read(TAG.bitString, 'signature')
  if (der.bytes[der.start] !== 0) der.fail('the signature is not whole octets')
  const signature = der.bytes.subarray(der.start + 1, der.stop)
  if (keyType === 'ec-p256' || keyType === 'ec-p384') refuseLaxEcdsa(signature)
  return { algorithm, signature }
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3), r and s positive, nothing behind them (hostile 39); that they are below n OpenSSL checks. */
function refuseLaxEcdsa(signature: Buffer): void {
  const der = new DerReader(signature, { code: 'csr.signature_invalid', maxDepth: 1 })
  const outer = der.enter(TAG.sequence, 'ECDSA signature')
  readPositive(der, 'r of the signature')
  readPositive(der, 's of the signature')
  der.leave(outer, 'ECDSA signature')
  if (der.peek() !== 0) der.fail('bytes stand behind the ECDSA signature')
}

function readPositive(der: DerReader, what: string): void {
  der.read(TAG.integer, what)
  const first = der.bytes[der.start] ?? 0
  if (first >= 0x80 || (first === 0 && der.stop - der.start === 1)) der.fail(`${what} is not positive`)
}

function signatureAlgorithmRefused(der: DerReader, keyType: KeyType): AppError {
  const { end } = der
  der.at = der.start
  der.end = der.stop
  der.read(TAG.oid, 'signatureAlgorithm')
  der.end = end
  const seen = toDottedOid(der.bytes.subarray(der.start, der.stop))
  const wanted = keyType === 'ed25519' ? 'Ed25519' : 'SHA-256, SHA-384 or SHA-512'
  const message = `the signature algorithm \`${seen}\` is not allowed for a key of type ${keyType}: sign with ${wanted}`
  return new AppError('csr.signature_invalid', message, { wanted, seen })
}
