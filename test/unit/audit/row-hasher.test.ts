import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { IntentFields } from '../../../src/audit/row.ts'
import { NO_HASH, RowHasher } from '../../../src/audit/row-hasher.ts'
import fc from '../../support/fast-check.ts'

const hasher = new RowHasher()

/** The encoding once more, written from its description. */
function expected(previous: Uint8Array, tag: number, fields: readonly (number | string | Uint8Array)[]): Buffer {
  const parts = fields.map((field) => {
    if (typeof field === 'number') {
      const number = Buffer.alloc(8)
      number.writeBigInt64BE(BigInt(field))
      return number
    }
    const bytes = Buffer.from(field)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  })
  return createHash('sha256')
    .update(Buffer.concat([previous, Buffer.of(tag), ...parts]))
    .digest()
}

const whole = fc.maxSafeInteger()
const text = fc.string({ unit: 'binary', maxLength: 2000 })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const intent: fc.Arbitrary<IntentFields> = fc.record({
  serial: bytes(16),
  identity: text,
  notBefore: whole,
  notAfter: whole,
  issuedAt: whole,
  attestor: text,
  subject: text,
  authority: text,
  spkiSha256: bytes(32),
  csrSha256: bytes(32),
  peer: text,
  bundleSequence: whole,
})

test('the hash of an intent covers the hash before, the tag, the sequence and every field in their order', () => {
  fc.assert(
    fc.property(bytes(32), fc.maxSafeNat(), intent, (previous, sequence, f) => {
      const fields = [f.serial, f.identity, f.notBefore, f.notAfter, f.issuedAt, f.attestor, f.subject, f.authority]
      const all = [sequence, ...fields, f.spkiSha256, f.csrSha256, f.peer, f.bundleSequence]
      assert.deepEqual(hasher.intent(previous, sequence, f), expected(previous, 1, all))
    }),
  )
})

test('so does that of a result, and of an action', () => {
  const result = hasher.result(NO_HASH, 7, { first: 3, last: 2 ** 40, outcome: 2 })
  assert.deepEqual(result, expected(NO_HASH, 2, [7, 3, 2 ** 40, 2]))
  const action = { at: 1_795_230_000_000, actor: 'ünï', action: 'a', target: '\u{1f600}', detail: '{}' }
  assert.deepEqual(
    hasher.action(result, 8, action),
    expected(result, 3, [8, action.at, action.actor, action.action, action.target, action.detail]),
  )
})

test('a text of megabytes fits, and the next row is not disturbed by it', () => {
  const long = { at: 1, actor: 'é'.repeat(1_000_000), action: '', target: '', detail: '' }
  assert.deepEqual(hasher.action(NO_HASH, 1, long), expected(NO_HASH, 3, [1, 1, long.actor, '', '', '']))
  const short = { first: 1, last: 1, outcome: 1 }
  assert.deepEqual(hasher.result(NO_HASH, 1, short), expected(NO_HASH, 2, [1, 1, 1, 1]))
})
