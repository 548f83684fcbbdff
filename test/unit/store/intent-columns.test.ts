import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Intent } from '../../../src/ca/record.ts'
import { checkIntent, intentAt, toColumns } from '../../../src/store/intent-columns.ts'
import { anIntent } from '../../support/store.ts'

const hash = Buffer.alloc(32, 7)
const intents: readonly Intent[] = [
  anIntent({ subject: 'https://issuer.example Ünïcode \u{1f3f0} and a NUL \0' }),
  anIntent({ attestor: 'join-token', subject: 'abc', spend: { kind: 'join-token', id: 'abc' } }),
  anIntent({ spend: { kind: 'jwt', hash, expiresAt: 1_795_230_600 } }),
]

test('each intent of a group arrives as it was sent', () => {
  const columns = toColumns(intents)
  assert.equal(columns.count, 3)
  for (const [index, { spend, serial, spkiSha256, csrSha256, ...same }] of intents.entries()) {
    const {
      spend: gotSpend,
      serial: gotSerial,
      spkiSha256: gotSpki,
      csrSha256: gotCsr,
      ...got
    } = intentAt(columns, index)
    assert.deepEqual(got, same)
    assert.deepEqual([gotSerial, gotSpki, gotCsr].map(Buffer.from), [serial, spkiSha256, csrSha256])
    if (spend === undefined) assert.equal(gotSpend, null)
    else if (spend.kind === 'jwt') {
      assert.deepEqual(gotSpend, { kind: 'jwt', key: hash.toString('hex'), expiresAt: spend.expiresAt })
    } else assert.deepEqual(gotSpend, { kind: 'join-token', key: 'abc', expiresAt: 0 })
  }
})

const bugs: readonly (readonly [string, Partial<Intent>])[] = [
  ['a serial of 15 bytes', { serial: Buffer.alloc(15) }],
  ['a short SPKI hash', { spkiSha256: Buffer.alloc(20) }],
  ['a short CSR hash', { csrSha256: Buffer.alloc(0) }],
  ['a time that is no number', { notAfter: Number.NaN }],
  ['a time with a fraction', { issuedAt: 1.5 }],
  ['a sequence beyond the safe integers', { bundleSequence: 2 ** 53 }],
]
for (const [what, change] of bugs) {
  test(`${what} is a bug of the caller`, () => assert.throws(() => checkIntent(anIntent(change)), TypeError))
}
