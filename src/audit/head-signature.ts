import { type KeyObject, verify, X509Certificate } from 'node:crypto'
import { parseStrictJsonBytes, StrictJsonError } from '../kernel/strict-json.ts'
import { algorithmOf, isJwtKeyType, signJws, toSigningInput, verifiesJws } from '../pki/jws.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Signer } from '../pki/signer.ts'
import { HEAD_TYPE } from './export-head.ts'
import { MalformedExport } from './malformed-export.ts'

/** An authority that signs heads: its key, and the PEM of its certificate and those up to the root, which stays out. */
export interface HeadSigner {
  readonly signer: Signer
  readonly chain: readonly string[]
}

/** A signed head whose signature is that of the first certificate of `chain`; nobody has vouched for the chain yet. */
export interface SignedHead {
  readonly payload: Buffer
  readonly chain: readonly X509Certificate[]
}

const MAX_JWS_LENGTH = 65_536
const MAX_CHAIN = 8
const MAX_DEPTH = 2

/** The compact JWS of a payload, with the signer's chain in `x5c` (RFC 7515 §4.1.6). */
export async function signHead(payload: object, { signer, chain }: HeadSigner): Promise<string> {
  const x5c = chain.map((pem) => new X509Certificate(pem).raw.toString('base64'))
  const input = toSigningInput({ alg: algorithmFor(signer.keyType), typ: HEAD_TYPE, x5c }, payload)
  const { keyType } = signer
  const signature = isJwtKeyType(keyType)
    ? await signJws(signer, keyType, input)
    : await signer.sign(Buffer.from(input)) // EdDSA (RFC 8037 §3.1)
  return `${input}.${signature.toString('base64url')}`
}

/** Checks form and signature; throws `MalformedExport`. */
export function readSignedHead(jws: string): SignedHead {
  const [header = '', payload = '', signature = '', ...rest] = jws.length > MAX_JWS_LENGTH ? [] : jws.split('.')
  if (signature === '' || rest.length > 0) throw new MalformedExport('the head is no JWS of three parts')
  const { alg, chain } = readHeader(decode(header))
  const [certificate] = chain
  const keyType = certificate === undefined ? null : keyTypeOf(certificate.publicKey)
  if (certificate === undefined || keyType === null || algorithmFor(keyType) !== alg) {
    throw new MalformedExport('the head has an algorithm that does not belong to the key of its signer')
  }
  if (!isSigned({ keyType, publicKey: certificate.publicKey }, `${header}.${payload}`, decode(signature))) {
    throw new MalformedExport('the signature of the head is not that of the key it names: the head was changed')
  }
  return { payload: decode(payload), chain }
}

function isSigned(key: { keyType: KeyType; publicKey: KeyObject }, input: string, signature: Buffer): boolean {
  const { keyType, publicKey } = key
  if (isJwtKeyType(keyType)) return verifiesJws({ keyType, publicKey }, input, signature)
  return verify(null, Buffer.from(input), publicKey, signature)
}

function readHeader(bytes: Buffer): { readonly alg: string; readonly chain: readonly X509Certificate[] } {
  const { alg, typ, x5c, ...others } = parseObject(bytes)
  if (typ !== HEAD_TYPE || typeof alg !== 'string' || Object.keys(others).length > 0) {
    throw new MalformedExport('the header of the head is not that of an export')
  }
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAX_CHAIN) {
    throw new MalformedExport('the head does not name who signed it')
  }
  return { alg, chain: x5c.map(readCertificate) }
}

function readCertificate(text: unknown): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(String(text), 'base64'))
  } catch {
    throw new MalformedExport('a certificate of the head cannot be read')
  }
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
  }
  throw new MalformedExport('the header of the head is no JSON object')
}

/** Node's decoder takes anything; only what it would have written itself is canonical (RFC 7515 §2). */
function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) throw new MalformedExport('the head is not in canonical base64url')
  return bytes
}

function algorithmFor(keyType: KeyType): string {
  return isJwtKeyType(keyType) ? algorithmOf(keyType) : 'EdDSA'
}

const CURVES: Readonly<Record<string, KeyType>> = { prime256v1: 'ec-p256', secp384r1: 'ec-p384' }
const MODULI: Readonly<Record<number, KeyType>> = { 2048: 'rsa-2048', 3072: 'rsa-3072', 4096: 'rsa-4096' }

/** Null for a key of a type that no authority has. */
function keyTypeOf(key: KeyObject): KeyType | null {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519'
  if (key.asymmetricKeyType === 'ec') return CURVES[namedCurve] ?? null
  return key.asymmetricKeyType === 'rsa' ? (MODULI[modulusLength] ?? null) : null
}
