import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AppError } from '../../../src/kernel/errors.ts'
import { buildCrl, type CrlDraft } from '../../../src/pki/crl.ts'
import { sequence, TAG, tlv } from '../../../src/pki/der-writer.ts'
import { checkSignature } from '../../../src/pki/explain/keys.ts'
import { generateKey, toSigner } from '../../../src/pki/file-keys.ts'
import { KEY_TYPES } from '../../../src/pki/key-types.ts'
import { parseCrl, toCrlSerial } from '../../../src/pki/parse-crl.ts'
import { extension } from '../../support/csr-builder.ts'
import fc from '../../support/fast-check.ts'

const THIS_UPDATE = Date.UTC(2026, 10, 21, 3) / 1000
const draft: CrlDraft = {
  issuer: Buffer.from('300d310b3009060355040a0c024142', 'hex'), // O=AB
  keyId: '0123456789abcdef0123456789abcdef01234567',
  number: 128,
  thisUpdate: THIS_UPDATE,
  nextUpdate: THIS_UPDATE + 86_400,
  entries: [],
}
const SERIAL = `00ff${'0'.repeat(28)}`
const signer = toSigner(generateKey('ec-p256'), 'ec-p256')
const good = await buildCrl(
  { ...draft, entries: [{ serial: SERIAL, revokedAt: THIS_UPDATE, reason: 'keyCompromise' }] },
  signer,
)

test('what is built is read as it was meant', () => {
  const crl = parseCrl(good)
  assert.deepEqual(crl.issuer, draft.issuer)
  assert.deepEqual([crl.thisUpdate, crl.nextUpdate, crl.number], [draft.thisUpdate, draft.nextUpdate, 128])
  assert.deepEqual([...crl.serials], [toCrlSerial(SERIAL)])
})

for (const keyType of KEY_TYPES.filter((type) => !type.startsWith('rsa-3') && !type.startsWith('rsa-4'))) {
  test(`its signature verifies with ${keyType}, and with no other key`, async () => {
    const one = toSigner(generateKey(keyType), keyType)
    const spkiOf = ({ publicKey }: typeof one) => publicKey.export({ type: 'spki', format: 'der' })
    const crl = parseCrl(await buildCrl(draft, one))
    assert.equal(checkSignature(crl, spkiOf(one)), 'valid')
    assert.equal(checkSignature(crl, spkiOf(toSigner(generateKey(keyType), keyType))), 'invalid')
  })
}

/** The CRL with a part of its DER in another form, lengths around it kept: the parts are of the same size. */
function changed(from: string, to: string): Buffer {
  const hex = good.toString('hex')
  assert.ok(hex.includes(from), from)
  return Buffer.from(hex.replace(from, to), 'hex')
}

/** One with these extensions, of the list or of its entry; its signature is none. */
function extended(ofList: readonly Buffer[], ofEntry: readonly Buffer[] = []): Buffer {
  const time = tlv(0x17, Buffer.from('261121030000Z'))
  const entry = sequence(tlv(TAG.integer, Buffer.of(7)), time, sequence(...ofEntry))
  const list = sequence(
    ...[signer.algorithm, draft.issuer, time, time],
    sequence(entry),
    tlv(0xa0, sequence(...ofList)),
  )
  return sequence(list, signer.algorithm, tlv(TAG.bitString, Buffer.of(0)))
}

test('a number that no number holds is none', () => {
  const number = (hex: string) => extension('2.5.29.20', tlv(TAG.integer, Buffer.from(hex, 'hex')))
  assert.equal(parseCrl(extended([number('7f')])).number, 127)
  assert.equal(parseCrl(extended([number('7f'.repeat(20))])).number, null)
  assert.equal(parseCrl(extended([])).number, null)
})

describe('refused', () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    ['bytes behind it', Buffer.concat([good, Buffer.of(0)])],
    ['one that is cut off', good.subarray(0, -1)],
    ['nothing', Buffer.alloc(0)],
    ['a certificate', tlv(TAG.sequence, tlv(TAG.sequence, tlv(0xa0, tlv(TAG.integer, Buffer.of(2)))))],
    ['a delta (RFC 5280 §5.2.4)', extended([extension('2.5.29.27', tlv(TAG.integer, Buffer.of(1)), true)])],
    ['a part of it (RFC 5280 §5.2.5)', extended([extension('2.5.29.28', sequence(), true)])],
    ['one with entries of others (RFC 5280 §5.3.3)', extended([], [extension('2.5.29.29', sequence(), true)])],
    ['a time that is none', changed('170d3236313132323033303030305a', '170d32363131323230333030302e5a')],
  ]
  for (const [name, der] of cases) {
    test(name, () => {
      assert.throws(
        () => parseCrl(der),
        (error: AppError) => error.code === 'request.malformed',
      )
    })
  }
})

test('whatever its bytes, it is read or refused as malformed', () => {
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const der = Buffer.from(good)
      der[at] = value
      try {
        parseCrl(der)
      } catch (error) {
        assert.equal((error as AppError).code, 'request.malformed')
      }
    }),
  )
})
