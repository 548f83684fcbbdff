import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactVerify } from 'jose'
import { generateKey, toSigner } from '../../../src/pki/file-keys.ts'
import { algorithmOf, isJwtKeyType, JWT_KEY_TYPES, signJws, toSigningInput, verifiesJws } from '../../../src/pki/jws.ts'
import { KEY_TYPES } from '../../../src/pki/key-types.ts'
import type { Signer } from '../../../src/pki/signer.ts'
import fc from '../../support/fast-check.ts'

const ALGORITHMS = {
  'ec-p256': 'ES256',
  'ec-p384': 'ES384',
  'rsa-2048': 'RS256',
  'rsa-3072': 'RS256',
  'rsa-4096': 'RS256',
} as const

test('J-3: every key type but Ed25519 signs JWTs', () => {
  assert.deepEqual(KEY_TYPES.filter(isJwtKeyType), [...JWT_KEY_TYPES])
})

for (const keyType of JWT_KEY_TYPES) {
  test(`${keyType}: jose takes what is signed, and nobody what was changed`, async () => {
    const signer = toSigner(generateKey(keyType), keyType)
    assert.equal(algorithmOf(keyType), ALGORITHMS[keyType])
    const input = toSigningInput({ alg: algorithmOf(keyType) }, { sub: 'ä' })
    const signature = await signJws(signer, keyType, input)
    const { payload } = await compactVerify(`${input}.${signature.toString('base64url')}`, signer.publicKey)
    assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), { sub: 'ä' })
    const key = { keyType, publicKey: signer.publicKey }
    assert.ok(verifiesJws(key, input, signature))
    assert.ok(!verifiesJws(key, `${input}x`, signature))
  })
}

test('RFC 7518 §3.4: R and S are padded, however short their integers are', async () => {
  const positive = fc.uint8Array({ minLength: 1, maxLength: 32 }).map((bytes) => {
    const first = bytes.findIndex((byte) => byte !== 0)
    return first === -1 ? Buffer.from([1]) : Buffer.from(bytes.subarray(first))
  })
  await fc.assert(
    fc.asyncProperty(positive, positive, async (r, s) => {
      const raw = await signJws(answering(derOf(r, s)), 'ec-p256', '')
      assert.deepEqual(raw, Buffer.concat([Buffer.alloc(32 - r.length), r, Buffer.alloc(32 - s.length), s]))
    }),
  )
})

const broken: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['R of 33 octets', derOf(Buffer.alloc(33, 1), Buffer.from([1]))],
  ['one integer', Buffer.from([0x30, 3, 2, 1, 1])],
  ['three integers', Buffer.from([0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1])],
  ['a length that is cut off', Buffer.from([0x30, 6, 2, 1, 1, 2])],
  ['a raw signature', Buffer.alloc(64, 7)],
]
for (const [title, der] of broken) {
  test(`a signer that answers with ${title} gives no token`, async () => {
    await assert.rejects(signJws(answering(der), 'ec-p256', ''), { code: 'internal' })
  })
}

const { publicKey } = toSigner(generateKey('ec-p256'), 'ec-p256')

function answering(signature: Buffer): Signer {
  return { keyType: 'ec-p256', publicKey, algorithm: Buffer.alloc(0), sign: () => signature }
}

function derOf(...halves: readonly Buffer[]): Buffer {
  const integers = halves.map((half) => {
    const padded = (half[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), half]) : half
    return Buffer.concat([Buffer.from([2, padded.length]), padded])
  })
  const contents = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, contents.length]), contents])
}
