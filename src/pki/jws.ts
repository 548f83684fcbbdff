import { type KeyObject, verify } from 'node:crypto'
import { DerReader } from './der.ts'
import { TAG } from './der-writer.ts'
import type { KeyType } from './key-types.ts'
import type { Signer } from './signer.ts'

/** The keys that sign JWTs: Ed25519 is none, because JWT-SVIDs know no EdDSA (JWT-SVID §2.1). */
export const JWT_KEY_TYPES = [
  'ec-p256',
  'ec-p384',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
] as const satisfies readonly KeyType[]
export type JwtKeyType = (typeof JWT_KEY_TYPES)[number]

/** The `alg` of our signatures (RFC 7518 §3.1). */
export type JwsAlgorithm = 'ES256' | 'ES384' | 'RS256'

interface JwsRow {
  readonly alg: JwsAlgorithm
  readonly hash: 'sha256' | 'sha384'
  /** Octets of R and of S each; null: the signature stands as it is. */
  readonly half: number | null
}

const RS256: JwsRow = { alg: 'RS256', hash: 'sha256', half: null }
const ROWS: Readonly<Record<JwtKeyType, JwsRow>> = {
  'ec-p256': { alg: 'ES256', hash: 'sha256', half: 32 },
  'ec-p384': { alg: 'ES384', hash: 'sha384', half: 48 },
  'rsa-2048': RS256,
  'rsa-3072': RS256,
  'rsa-4096': RS256,
}

/** Whether keys of the type sign JWTs. */
export function isJwtKeyType(keyType: KeyType): keyType is JwtKeyType {
  return Object.hasOwn(ROWS, keyType)
}

/** The one algorithm that a key of the type signs JWTs with. */
export function algorithmOf(keyType: JwtKeyType): JwsAlgorithm {
  return ROWS[keyType].alg
}

/** The JWS Signing Input (RFC 7515 §5.1). */
export function toSigningInput(header: object, claims: object): string {
  return `${encode(header)}.${encode(claims)}`
}

/** The signature over a signing input, as it stands in a JWS (RFC 7518 §3). */
export async function signJws(signer: Signer, keyType: JwtKeyType, input: string): Promise<Buffer> {
  const signature = await signer.sign(Buffer.from(input))
  const { half } = ROWS[keyType]
  return half === null ? signature : toRaw(signature, half)
}

/** Whether the signature of a JWS is of this key; nothing of what `signJws` does goes into it. */
export function verifiesJws(
  key: { readonly keyType: JwtKeyType; readonly publicKey: KeyObject },
  input: string,
  signature: Buffer,
): boolean {
  const { hash, half } = ROWS[key.keyType]
  const encoding = half === null ? {} : { dsaEncoding: 'ieee-p1363' as const }
  return verify(hash, Buffer.from(input), { key: key.publicKey, ...encoding }, signature)
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** R and S of an ECDSA-Sig-Value (RFC 3279 §2.2.3), each left-padded with zeros (RFC 7518 §3.4). */
function toRaw(der: Buffer, half: number): Buffer {
  const reader = new DerReader(der, { code: 'internal', maxDepth: 1 })
  const raw = Buffer.alloc(2 * half)
  const outer = reader.enter(TAG.sequence, 'ECDSA-Sig-Value')
  for (const end of [half, 2 * half]) {
    reader.read(TAG.integer, 'a half of the signature')
    const start = der[reader.start] === 0 ? reader.start + 1 : reader.start
    const value = der.subarray(start, reader.stop)
    if (value.length > half) reader.fail('a half of the signature is too long for the curve')
    value.copy(raw, end - value.length)
  }
  reader.leave(outer, 'ECDSA-Sig-Value')
  return raw
}
