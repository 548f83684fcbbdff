import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isValidField, toRefusal } from '../../../src/decide/provider-answer.ts'

const statuses: readonly (readonly [number, number])[] = [
  [401, 401],
  [302, 302],
  [200, 403],
  [204, 403],
  [100, 403],
  [0, 403],
  [-1, 403],
  [600, 403],
  [401.5, 403],
]
for (const [given, want] of statuses)
  test(`a refusal with ${given} reaches the client as ${want}`, () =>
    assert.equal(toRefusal(given, [], '').status, want))

test('a refusal carries no field of the connection and none that breaks a message', () => {
  const fields = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['connection', 'close'],
    ['content-length', '5'],
    [':status', '200'],
    ['x-a', 'b\r\nx-evil: 1'],
    ['x a', 'b'],
  ] as const
  assert.deepEqual(toRefusal(401, fields, '').headers, [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ])
})

test('hostile 102: a line break ends no header field', () => {
  for (const value of ['a\nb', 'a\rb', 'a\0b']) assert.equal(isValidField(['x-a', value]), false)
})
