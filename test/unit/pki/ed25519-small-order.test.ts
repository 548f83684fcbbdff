import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { DerReader } from '../../../src/pki/der.ts'
import { sequence } from '../../../src/pki/der-writer.ts'
import { hasSmallOrder } from '../../../src/pki/ed25519-small-order.ts'
import { generateKey } from '../../../src/pki/file-keys.ts'
import { KEYS } from '../../../src/pki/key-types.ts'
import { readPublicKey } from '../../../src/pki/public-key.ts'
import { bitString } from '../../support/csr-builder.ts'

const P = 2n ** 255n - 19n
const mod = (value: bigint) => ((value % P) + P) % P

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let [b, e] = [mod(base), exponent]; e > 0n; e >>= 1n, b = mod(b * b))
    if ((e & 1n) === 1n) result = mod(result * b)
  return result
}

/** RFC 8032 §5.1: -x² + y² = 1 + d x² y² */
const D = mod(-121665n * power(121666n, P - 2n))

/** y of [2]P from y alone, as x² = (y² - 1) / (d y² + 1) on the curve. */
function doubled(y: bigint): bigint {
  const yy = mod(y * y)
  const xx = mod((yy - 1n) * power(D * yy + 1n, P - 2n))
  return mod((yy + xx) * power(1n - D * xx * yy, P - 2n))
}

/** Whether [8]P is the neutral element, whose y is 1. */
const isSmall = (y: bigint) => doubled(doubled(doubled(y))) === 1n

function encoded(y: bigint, sign: 0 | 1): Buffer {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  bytes[31] = (bytes[31] ?? 0) | (sign << 7)
  return bytes
}

const ORDER_8 = [
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]
const ALL = [0n, 1n, P - 1n, P, P + 1n, ...ORDER_8]

for (const y of ALL) {
  test(`the point with y = ${y.toString(16).slice(0, 12)}… has small order`, () => {
    assert.ok(isSmall(mod(y)))
    for (const sign of [0, 1] as const) assert.ok(hasSmallOrder(encoded(y, sign)))
  })
}

test('RFC 8032 §5.1: a curve of cofactor 8 has no other such points: eight, of five values of y', () => {
  assert.equal(new Set(ALL.map(mod)).size, 5)
})

test('keys that are generated have not', () => {
  for (let i = 0; i < 20; i++) {
    const spki = createPublicKey(generateKey('ed25519')).export({ type: 'spki', format: 'der' })
    assert.ok(!hasSmallOrder(spki.subarray(-32)))
  }
})

test('a CSR key of small order is refused before its signature is looked at', () => {
  const spki = sequence(KEYS.ed25519.algorithm, bitString(encoded(1n, 0)))
  const read = () =>
    readPublicKey(new DerReader(spki, { code: 'csr.malformed', maxDepth: 16 }), new Set(['ed25519'] as const))
  assert.throws(read, { code: 'csr.key_not_allowed', message: /small order/ })
})
