import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { DerReader } from '../../../src/pki/der.ts'
import { DER_NULL, oid, sequence, TAG, tlv } from '../../../src/pki/der-writer.ts'
import { KEYS, type KeyType } from '../../../src/pki/key-types.ts'
import { readPublicKey, verifies } from '../../../src/pki/public-key.ts'
import { bitString, EVERY_KEY_TYPE, ecSpki, rsaSpki } from '../../support/csr-builder.ts'
import { modulusOf } from '../../support/hostile-csr-parts.ts'

const KEY_PAIRS: Readonly<Record<KeyType, () => { privateKey: KeyObject }>> = {
  'ec-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ec-p384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'rsa-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-3072': () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  'rsa-4096': () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
  ed25519: () => generateKeyPairSync('ed25519'),
}

const read = (spki: Buffer, allowed: ReadonlySet<KeyType> = EVERY_KEY_TYPE) =>
  readPublicKey(new DerReader(spki, { code: 'csr.malformed', maxDepth: 16 }), allowed)

describe('readPublicKey', () => {
  for (const keyType of Object.keys(KEYS) as KeyType[]) {
    test(`${keyType} is read where it is allowed`, () => {
      const { privateKey } = KEY_PAIRS[keyType]()
      const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
      const key = read(spki, new Set([keyType]))
      assert.equal(key.keyType, keyType)
      assert.deepEqual(key.spki, spki)
      const data = Buffer.from('data')
      const algorithm = KEYS[keyType].signatures[0] ?? assert.fail()
      const signature = sign(algorithm.hash, data, privateKey)
      assert.equal(verifies(key, { data, algorithm, signature }), true)
      assert.equal(verifies(key, { data: Buffer.from('other'), algorithm, signature }), false)
      const others = new Set([...EVERY_KEY_TYPE].filter((other) => other !== keyType))
      assert.throws(() => read(spki, others), {
        code: 'csr.key_not_allowed',
        seen: keyType,
        wanted: [...others].join(', '),
      })
    })
  }

  test('gives the bytes of the key out of a larger buffer', () => {
    const spki = createPublicKey(KEY_PAIRS['ec-p256']().privateKey).export({ type: 'spki', format: 'der' })
    const der = new DerReader(Buffer.concat([DER_NULL, spki, DER_NULL]), { code: 'csr.malformed', maxDepth: 16 })
    der.read(TAG.null, 'null')
    assert.deepEqual(readPublicKey(der, EVERY_KEY_TYPE).spki, spki)
    assert.equal(der.peek(), TAG.null)
  })
})

const modulus = modulusOf(KEY_PAIRS['rsa-2048']().privateKey)
const p256 = oid('1.2.840.10045.3.1.7')

describe('readPublicKey names what it refuses', () => {
  for (const [seen, spki] of [
    ['rsa-1024', rsaSpki((1n << 1024n) - 1n, 65537n)],
    ['rsa-2047', rsaSpki((1n << 2047n) - 1n, 65537n)],
    ['rsa-2049', rsaSpki((1n << 2049n) - 1n, 65537n)],
    ['rsa-16384', rsaSpki((1n << 16384n) - 1n, 65537n)],
    ['rsa-0', rsaSpki(0n, 65537n)],
    ['RSA with a public exponent other than 65537', rsaSpki(modulus, 3n)],
    ['1.2.840.113549.1.1.10', sequence(sequence(oid('1.2.840.113549.1.1.10')), bitString(DER_NULL))],
    ['1.2.840.10045.2.1 1.3.132.0.10', ecSpki(oid('1.3.132.0.10'), Buffer.alloc(65, 4))],
    ['1.2.840.10045.2.1 with parameters of its own', ecSpki(sequence(DER_NULL), Buffer.alloc(65, 4))],
    ['1.3.101.110', sequence(sequence(oid('1.3.101.110')), bitString(Buffer.alloc(32)))],
  ] as const) {
    test(seen, () => assert.throws(() => read(spki), { code: 'csr.key_not_allowed', seen }))
  }
})

describe('readPublicKey refuses', () => {
  const rsa = sequence(oid('1.2.840.113549.1.1.1'), DER_NULL)
  for (const [title, code, spki] of [
    [
      'an RSA key without the NULL',
      'csr.key_not_allowed',
      sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(DER_NULL)),
    ],
    [
      'a negative RSA modulus',
      'csr.key_not_allowed',
      sequence(rsa, bitString(sequence(tlv(TAG.integer, Buffer.alloc(256, 0x81)), DER_NULL))),
    ],
    ['an RSA key with a field more', 'csr.malformed', sequence(rsa, bitString(Buffer.concat([sequence(), DER_NULL])))],
    ['an algorithm that is empty', 'csr.malformed', sequence(sequence(), bitString(DER_NULL))],
    ['a field behind the key', 'csr.malformed', sequence(ecSpki(p256, Buffer.alloc(65, 4)).subarray(2), DER_NULL)],
    ['a point of 64 bytes', 'csr.key_not_allowed', ecSpki(p256, Buffer.alloc(64, 4))],
    [
      'an Ed25519 key of 31 bytes',
      'csr.key_not_allowed',
      sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(31))),
    ],
    [
      'a key of 7 unused bits',
      'csr.key_not_allowed',
      sequence(
        sequence(sequence(oid('1.3.101.112'))).subarray(2),
        tlv(TAG.bitString, Buffer.from([7]), Buffer.alloc(32)),
      ),
    ],
  ] as const) {
    test(title, () => assert.throws(() => read(spki), { code }))
  }

  test('hostile 33: a point beside the curve is refused before its signature counts', () => {
    const spki = ecSpki(p256, Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]))
    const algorithm = KEYS['ec-p256'].signatures[0] ?? assert.fail()
    const signed = { data: Buffer.alloc(1), algorithm, signature: Buffer.from('3006020101020101', 'hex') }
    assert.throws(() => verifies(read(spki), signed), { code: 'csr.key_not_allowed' })
  })
})
