import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { AppError } from '../../../../src/kernel/errors.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { keyId } from '../../../../src/pki/build-certificate.ts'
import { algorithmOf, signJws, verifiesJws } from '../../../../src/pki/jws.ts'
import { KEY_TYPES, KEYS, type KeyType } from '../../../../src/pki/key-types.ts'
import * as CK from '../../../../src/pki/pkcs11/constants.ts'
import { providerOf } from '../../../../src/pki/pkcs11/pkcs11-key-provider.ts'
import { FakeToken } from '../../../support/fake-token.ts'
import { FakeClock } from '../../../support/fakes.ts'

const DATA = Buffer.from('what is signed')

let token: FakeToken
let keys: ReturnType<typeof open>

beforeEach(() => {
  token = new FakeToken()
  keys = open()
})

afterEach(() => keys.close())

function open() {
  return providerOf({
    cryptoki: token,
    tokenLabel: 'alcazar',
    readPin: () => token.pin,
    clock: new FakeClock(1_000_000),
    log: silentLog,
  })
}

function attributesOf(objectClass: number) {
  const found = [...token.objects.values()].filter(({ attributes }) => attributes.get(CK.CKA_CLASS) === objectClass)
  return found.map(({ attributes }) => attributes)
}

const hashOf = (keyType: KeyType) => (keyType === 'ed25519' ? null : keyType === 'ec-p384' ? 'sha384' : 'sha256')

describe('keys in a token', () => {
  for (const keyType of KEY_TYPES.filter((one) => one !== 'rsa-4096')) {
    test(`${keyType}: what is made there signs as its certificate wants it, now and after a start`, async () => {
      const { id, signer } = await keys.create(keyType)
      assert.equal(id, keyId(signer.publicKey.export({ type: 'spki', format: 'der' })))
      assert.ok(KEYS[keyType].signatures.some(({ algorithm }) => algorithm.equals(signer.algorithm)))
      assert.ok(verify(hashOf(keyType), DATA, signer.publicKey, await signer.sign(DATA)))
      const again = await open().load(id, keyType)
      assert.ok(again.publicKey.equals(signer.publicKey))
      assert.ok(verify(hashOf(keyType), DATA, signer.publicKey, await again.sign(DATA)))
    })
  }

  test('JWTs are signed in the form of a JWS', async () => {
    const { signer } = await keys.create('ec-p256')
    const signature = await signJws(signer, 'ec-p256', 'header.claims')
    assert.equal(algorithmOf('ec-p256'), 'ES256')
    assert.ok(verifiesJws({ keyType: 'ec-p256', publicKey: signer.publicKey }, 'header.claims', signature))
  })

  test('a private key is told never to leave, and both objects have the name of the authority', async () => {
    const { id } = await keys.create('ec-p256')
    const [key] = attributesOf(CK.CKO_PRIVATE_KEY)
    const wanted = [
      [CK.CKA_TOKEN, true],
      [CK.CKA_PRIVATE, true],
      [CK.CKA_SENSITIVE, true],
      [CK.CKA_EXTRACTABLE, false],
      [CK.CKA_SIGN, true],
      [CK.CKA_LABEL, `alcazar ${id}`],
    ] as const
    for (const [type, value] of wanted) assert.equal(key?.get(type), value)
    for (const one of [...attributesOf(CK.CKO_PUBLIC_KEY), key])
      assert.deepEqual(one?.get(CK.CKA_ID), Buffer.from(id, 'hex'))
  })

  test('a token that lets its keys out is refused, and keeps none', async () => {
    token.isExtractable = true
    await assert.rejects(keys.create('ec-p256'), { code: 'key.unusable' })
    assert.equal(token.objects.size, 0)
  })

  test('a key that could be let out meanwhile is not used', async () => {
    const { id } = await keys.create('ec-p256')
    attributesOf(CK.CKO_PRIVATE_KEY)[0]?.set(CK.CKA_EXTRACTABLE, true)
    await assert.rejects(keys.load(id, 'ec-p256'), { code: 'key.unusable' })
    await assert.rejects(keys.has(id), { code: 'key.unusable' })
  })

  test('a key that cannot be named is not kept', async () => {
    token.failures.push(['C_SetAttributeValue', 'CKR_ATTRIBUTE_READ_ONLY'])
    await assert.rejects(keys.create('ec-p256'), { code: 'key.unavailable' })
    assert.equal(token.objects.size, 0)
  })

  test('of a type that the token does not know is refused with those that it knows', async () => {
    token.mechanisms = [CK.CKM_EC_KEY_PAIR_GEN, CK.CKM_ECDSA]
    keys = open()
    await assert.rejects(keys.create('rsa-2048'), (error) => {
      assert.ok(error instanceof AppError)
      assert.deepEqual([error.code, error.wanted, error.seen], ['key.type_unsupported', 'ec-p256, ec-p384', 'rsa-2048'])
      return true
    })
  })

  test('a key that is not there, or of another type, is unusable', async () => {
    const { id } = await keys.create('ec-p256')
    assert.equal(await keys.has(id), true)
    assert.equal(await keys.has('00'.repeat(20)), false)
    await assert.rejects(keys.load('00'.repeat(20), 'ec-p256'), { code: 'key.unusable' })
    await assert.rejects(keys.load(id, 'rsa-2048'), { code: 'key.unusable' })
  })

  test('a key that came to no use is removed, and no other', async () => {
    const [{ id }, other] = [await keys.create('ec-p256'), await keys.create('ec-p256')]
    for (let times = 0; times < 2; times++) await keys.discard(id)
    assert.deepEqual([await keys.has(id), await keys.has(other.id), token.objects.size], [false, true, 2])
  })

  for (const [what, returned] of [
    ['none', ['CKR_FUNCTION_REJECTED']],
    ['one', ['CKR_OK', 'CKR_FUNCTION_REJECTED']],
  ] as const)
    test(`a removal that fails behind ${what} of its two objects is seen and finished`, async () => {
      const { id } = await keys.create('ec-p256')
      for (const value of returned) token.failures.push(['C_DestroyObject', value])
      await assert.rejects(keys.discard(id), { code: 'key.unavailable' })
      assert.equal(await keys.has(id), true)
      await keys.discard(id)
      assert.equal(token.objects.size, 0)
    })

  test('another public key under the same name is not believed', async () => {
    const [{ id }, other] = [await keys.create('ec-p256'), await keys.create('ec-p256')]
    for (const attributes of attributesOf(CK.CKO_PUBLIC_KEY)) {
      const isOther = Buffer.from(other.id, 'hex').equals(attributes.get(CK.CKA_ID) as Buffer)
      attributes.set(CK.CKA_ID, Buffer.from(isOther ? id : other.id, 'hex'))
    }
    await assert.rejects(keys.load(id, 'ec-p256'), { code: 'key.unusable' })
  })

  test('several keys under one name are refused', async () => {
    const { id } = await keys.create('ec-p256')
    await keys.create('ec-p256')
    for (const attributes of attributesOf(CK.CKO_PRIVATE_KEY)) attributes.set(CK.CKA_ID, Buffer.from(id, 'hex'))
    await assert.rejects(keys.load(id, 'ec-p256'), { code: 'key.unusable' })
  })

  test('a signature that does not verify is given to nobody', async () => {
    const { id, signer } = await keys.create('ec-p256')
    const other = await keys.create('ec-p256')
    for (const attributes of attributesOf(CK.CKO_PRIVATE_KEY)) {
      const isOther = Buffer.from(other.id, 'hex').equals(attributes.get(CK.CKA_ID) as Buffer)
      attributes.set(CK.CKA_ID, Buffer.from(isOther ? id : other.id, 'hex'))
    }
    await assert.rejects(async () => signer.sign(DATA), { code: 'key.unavailable' })
    assert.match(keys.problem() ?? '', /does not verify/)
  })

  test('nothing that was made elsewhere is taken over', () => assert.equal(keys.adopt, null))
})
