import { createECDH, type KeyObject } from 'node:crypto'

/** Order of the base point (SEC 2 §2.4.2, §2.5.1) and name of the curve, by the name that a JWK has for it. */
const CURVES = {
  'P-256': { name: 'prime256v1', n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  'P-384': {
    name: 'secp384r1',
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const

/** R and S of an ECDSA signature over a hash (SEC 1 §4.1.3), as CKM_ECDSA makes it; `node:crypto` takes no hash. For tests. */
export function signHash(key: KeyObject, hash: Buffer): Buffer {
  const { crv, d = '' } = key.export({ format: 'jwk' })
  const { name, n } = CURVES[crv === 'P-256' ? 'P-256' : 'P-384']
  const once = createECDH(name)
  const point = once.generateKeys() // 04, x, y
  const half = (point.length - 1) / 2
  const r = toInteger(point.subarray(1, 1 + half)) % n
  const k = toInteger(once.getPrivateKey())
  const s = (power(k, n - 2n, n) * (toInteger(hash) + r * toInteger(Buffer.from(d, 'base64url')))) % n
  return Buffer.concat([r, s].map((value) => Buffer.from(value.toString(16).padStart(half * 2, '0'), 'hex')))
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
