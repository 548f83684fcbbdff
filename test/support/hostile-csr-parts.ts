import {
  checkPrimeSync,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { oid, sequence, TAG, tlv } from '../../src/pki/der-writer.ts'
import { toPem } from '../../src/pki/pem.ts'
import { bitString, buildCsr, ECDSA_SHA256, extension, P256_KEY, unsigned } from './csr-builder.ts'

export function flipLastBit(der: Buffer): Buffer {
  const out = Buffer.from(der)
  out.writeUInt8(out.readUInt8(out.length - 1) ^ 1, out.length - 1)
  return out
}

/** The same contents under an indefinite length, as BER has it. */
export function toIndefiniteLength(der: Buffer): Buffer {
  return Buffer.concat([Buffer.from([TAG.sequence, 0x80]), der.subarray(bodyOf(der)), Buffer.from([0, 0])])
}

/** The same contents under a length of four octets. */
export function toLongLength(der: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(der.length - bodyOf(der))
  return Buffer.concat([Buffer.from([TAG.sequence, 0x84]), length, der.subarray(bodyOf(der))])
}

function bodyOf(der: Buffer): number {
  const first = der.readUInt8(1)
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

/** A good CSR whose last base64 digit before the padding has unused bits set. */
export function nonCanonicalPem(): string {
  const { privateKey: key } = generateKeyPairSync('ed25519') // signatures of one length: one of three texts needs padding
  const pems = ['a', 'aa', 'aaa'].map((text) =>
    buildCsr({ key, extensions: [extension('1.2.3', tlv(TAG.ia5String, Buffer.from(text)))] }),
  )
  const padded = pems.find((pem) => pem.includes('='))
  if (padded === undefined) throw new TypeError('none of three lengths in a row needs padding')
  return padded.replace(/([A-Za-z0-9+/])(=+)/, (_, digit: string, padding: string) => nextDigit(digit) + padding)
}

function nextDigit(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return digits.charAt(digits.indexOf(digit) + 1)
}

/** SEQUENCEs in each other, written from the inside out. */
export function nested(depth: number): Buffer {
  const headers: Buffer[] = []
  let length = 0
  for (let i = 0; i < depth; i++) {
    const header = headerOf(length)
    headers.push(header)
    length += header.length
  }
  return Buffer.concat(headers.reverse())
}

function headerOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([TAG.sequence, length])
  if (length < 0x100) return Buffer.from([TAG.sequence, 0x81, length])
  if (length < 0x10000) return Buffer.from([TAG.sequence, 0x82, length >> 8, length & 0xff])
  return Buffer.from([TAG.sequence, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff])
}

function infoParts(): { version: Buffer; subject: Buffer; spki: Buffer; attributes: Buffer } {
  const spki = createPublicKey(P256_KEY).export({ type: 'spki', format: 'der' })
  return { version: tlv(TAG.integer, Buffer.from([0])), subject: sequence(), spki, attributes: tlv(0xa0) }
}

function signedOver(info: Buffer): string {
  return toPem('CERTIFICATE REQUEST', sequence(info, ECDSA_SHA256, bitString(sign('sha256', info, P256_KEY))))
}

export function withoutAttributes(): string {
  const { version, subject, spki } = infoParts()
  return signedOver(sequence(version, subject, spki))
}

export function withFieldsSwapped(): string {
  const { version, subject, spki, attributes } = infoParts()
  return signedOver(sequence(version, spki, subject, attributes))
}

export function modulusOf(key: KeyObject): bigint {
  return BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`)
}

/** An odd number of 2048 bits whose smallest factor may well be 751, the largest prime that is tried. */
export function multipleOf751(): bigint {
  const top = (1n << 2048n) - 1n
  const multiple = top - (top % 751n)
  return multiple % 2n === 0n ? multiple - 751n : multiple
}

/** A prime of 1024 bits whose square has 2048: OpenSSL sets the two top bits. */
export function bigPrime(): bigint {
  return generatePrimeSync(1024, { bigint: true })
}

/** The product of two primes of 1024 bits that are about 2^400 apart, as a broken generator makes them. */
export function closePrimes(): bigint {
  const p = bigPrime()
  let q = p + (1n << 400n)
  while (!checkPrimeSync(q)) q += 2n
  return p * q
}

/** The curve P-256 spelled out (SEC 1 §C.2), which OpenSSL would read. */
export function explicitP256(): Buffer {
  const p = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n
  const b = Buffer.from('5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b', 'hex')
  const a = Buffer.from((p - 3n).toString(16), 'hex')
  const g = Buffer.from(
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
    'hex',
  )
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const field = sequence(oid('1.2.840.10045.1.1'), unsigned(p))
  const curve = sequence(tlv(TAG.octetString, a), tlv(TAG.octetString, b))
  return sequence(unsigned(1n), field, curve, tlv(TAG.octetString, g), unsigned(n), unsigned(1n))
}

/** A good signature whose r has a zero octet that it does not need. */
export function zeroPadded(info: Buffer): Buffer {
  const signature = sign('sha256', info, P256_KEY)
  const rEnd = 4 + signature.readUInt8(3)
  const r = tlv(TAG.integer, Buffer.from([0]), signature.subarray(4, rEnd))
  const padded = r.readUInt8(3) >= 0x80 ? tlv(TAG.integer, Buffer.from([0]), r.subarray(2)) : r
  return sequence(padded, signature.subarray(rEnd))
}
