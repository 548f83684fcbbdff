import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHeaderValue } from '../../../../src/decide/jwt/claim-header.ts'
import type { Json } from '../../../../src/policy/attributes.ts'
import { claimAt } from '../../../../src/policy/claim-at.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const values: readonly (readonly [Json | undefined, string | null])[] = [
  ['text', 'text'],
  ['', null],
  ['a\r\nb: c', null],
  ['a\tb', 'a\tb'],
  [7, '7'],
  [-0, '0'],
  [-7, '-7.000000'],
  [1.5, '1.500000'],
  [2 ** 63, '9223372036854775808'],
  [2 ** 64, '18446744073709551616.000000'],
  [1e21, '1000000000000000000000.000000'],
  [Number.POSITIVE_INFINITY, null],
  [true, 'true'],
  [false, 'false'],
  [null, null],
  [undefined, null],
  [['a', 'b'], base64('["a","b"]')],
  [{ a: { b: 1 } }, base64('{"a":{"b":1}}')],
  [['<\u2028>'], base64('["\\u003c\\u2028\\u003e"]')],
]
for (const [claim, want] of values) {
  test(`claim header: ${JSON.stringify(claim)} is ${want}`, () => assert.equal(toHeaderValue(claim), want))
}

test('claim header: dots descend into objects alone', () => {
  const claims = { a: { b: 'c' }, 'x.y': 'z', list: ['e'] }
  assert.equal(claimAt(claims, ['a', 'b']), 'c')
  assert.equal(claimAt(claims, ['x', 'y']), undefined)
  assert.equal(claimAt(claims, ['list', '0']), undefined)
  assert.equal(claimAt(claims, ['toString']), undefined)
})
