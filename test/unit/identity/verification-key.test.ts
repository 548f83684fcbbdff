import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeySetError, toKeySet } from '../../../src/identity/verification-key.ts'
import { makeTokenKey } from '../../support/jwt-maker.ts'

const ec = makeTokenKey('ES256', 'ec').jwk
const rsa = makeTokenKey('RS256', 'rsa').jwk
const ed = makeTokenKey('EdDSA', 'ed').jwk
const modulus = (bytes: number) => Buffer.alloc(bytes, 0xff).toString('base64url')

const usable: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['an EC key', ec, ['ES256']],
  ['a P-384 key', makeTokenKey('ES384', 'p384').jwk, ['ES384']],
  ['a P-521 key', makeTokenKey('ES512', 'p521').jwk, ['ES512']],
  ['an RSA key', rsa, ['RS256', 'PS256']],
  ['an RSA key for one algorithm', { ...rsa, alg: 'PS256' }, ['PS256']],
  ['an Ed25519 key', ed, ['EdDSA', 'Ed25519']],
  ['a key without use', { ...ec, use: undefined }, ['ES256']],
  ['a key that verifies', { ...ec, key_ops: ['verify'] }, ['ES256']],
  ['an RSA key of 4096 bits', { ...rsa, n: modulus(512) }, ['RS256', 'PS256']],
]
for (const [title, jwk, algorithms] of usable) {
  test(`trust 10: ${title} is for ${algorithms.join(', ')}`, () => {
    const { keys, skipped } = toKeySet({ keys: [jwk] })
    assert.deepEqual(skipped, [])
    assert.deepEqual(keys[0]?.algorithms, algorithms)
  })
}

const unusable: readonly (readonly [string, unknown])[] = [
  ['a secret', { kty: 'oct', k: 'AAAA' }],
  ['a key for encryption', { ...ec, use: 'enc' }],
  ['a key that only signs', { ...ec, key_ops: ['sign'] }],
  ['key_ops that is no list', { ...ec, key_ops: 'verify' }],
  ['a private key', { ...ec, d: 'AAAA' }],
  [
    'an RSA key of 2047 bits',
    { ...rsa, n: Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(255, 1)]).toString('base64url') },
  ],
  ['an RSA key of 4104 bits', { ...rsa, n: modulus(513) }],
  ['an RSA key of 16384 bits', { ...rsa, n: modulus(2048) }],
  ['an RSA key with e = 3', { ...rsa, e: 'Aw' }],
  ['an RSA key with e = 1', { ...rsa, e: 'AQ' }],
  ['an RSA key for HS256', { ...rsa, alg: 'HS256' }],
  ['an RSA key for RS1', { ...rsa, alg: 'RS1' }],
  ['an EC key for RS256', { ...ec, alg: 'RS256' }],
  ['a point that is not on the curve', { ...ec, x: Buffer.alloc(32, 1).toString('base64url') }],
  ['a point that is cut off', { ...ec, x: 'AAAA' }],
  ['an EC key without y', { ...ec, y: undefined }],
  ['secp256k1', { ...ec, crv: 'secp256k1' }],
  ['X25519', { ...ed, crv: 'X25519' }],
  ['a kid that is a number', { ...ec, kid: 1 }],
  ['a text', 'key'],
  ['null', null],
]
for (const [title, jwk] of unusable) {
  test(`trust 12: ${title} is skipped with a reason, the key beside it is used`, () => {
    const { keys, skipped } = toKeySet({ keys: [jwk, ec] })
    assert.equal(keys.length, 1)
    assert.equal(skipped.length, 1)
    assert.match(skipped[0] ?? '', /^keys\[0\]: /)
  })
}

test('a document that is no JWK set is refused', () => {
  for (const document of [null, [], {}, { keys: {} }, 'keys', { keys: Array(101).fill(ec) }]) {
    assert.throws(() => toKeySet(document), KeySetError)
  }
})
