import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLimit, parseCursor, toCursor } from '../../../src/store/cursor.ts'

test('a cursor is read back', () => {
  assert.deepEqual(parseCursor(toCursor(1_795_230_000_000, 7), 2), [1_795_230_000_000, 7])
  assert.deepEqual(parseCursor(toCursor(0), 1), [0])
})

const strange: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['of another list', toCursor(1)],
  ['not base64url', '!!!!'],
  ['padded', `${toCursor(1, 23)}==`],
  ['no numbers', Buffer.from('a.b').toString('base64url')],
  ['another spelling of the number', Buffer.from('01.2').toString('base64url')],
  ['beyond the safe integers', Buffer.from('9007199254740993.1').toString('base64url')],
  ['long', 'A'.repeat(100_000)],
]
for (const [what, text] of strange) {
  test(`a cursor that is ${what} is refused`, () => {
    assert.throws(() => parseCursor(text, 2), { code: 'request.malformed' })
  })
}

test('a page has 1 to 1,000 rows', () => {
  for (const limit of [1, 1000]) checkLimit(limit)
  for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
    assert.throws(() => checkLimit(limit), { code: 'request.malformed' })
  }
})
