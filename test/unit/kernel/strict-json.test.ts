import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStrictJson, parseStrictJsonBytes, StrictJsonError } from '../../../src/kernel/strict-json.ts'
import fc from '../../support/fast-check.ts'

const options = { maxDepth: 8 }
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const accepted: readonly string[] = [
  '{}',
  'null',
  ' [1, 2.5e3, true, "x"]\n',
  '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
  String.raw`{"a\"b":1,"a":"\\","c":"\\\"}{:,"}`,
  String.raw`{"smile":"\ud83d\ude00"}`,
  '{"a":"b:c","b:c":"a"}',
  deep(8),
]
for (const text of accepted) {
  test(`strict json: ${text.slice(0, 40)} is what JSON.parse reads`, () =>
    assert.deepEqual(parseStrictJson(text, options), JSON.parse(text)))
}

const refused: readonly (readonly [string, string])[] = [
  ['hostile 49: a key twice', '{"a":1,"a":2}'],
  ['hostile 49: a key twice, once escaped', String.raw`{"a":1,"\u0061":2}`],
  ['hostile 49: a key twice further in', '[{"b":{"a":1, "c":{}, "a" :2}}]'],
  ['hostile 49: __proto__', '{"__proto__":{"admin":true}}'],
  ['hostile 49: __proto__ escaped', String.raw`{"__pr\u006fto__":1}`],
  ['hostile 49: constructor', '{"a":[{"constructor":1}]}'],
  ['hostile 49: prototype', '{"prototype":1}'],
  ['hostile 49: one level too deep', deep(9)],
  ['hostile 49: depth 100,000', deep(100_000)],
  ['hostile 49: depth 100,000, never closed', '{"a":'.repeat(100_000)],
  ['hostile 49: a lone surrogate', '{"a":"\ud800"}'],
  ['hostile 49: a lone escaped surrogate', String.raw`{"a":"\ud800"}`],
  ['hostile 49: a lone escaped low surrogate in a key', String.raw`{"\udc00":1}`],
  ['hostile 49: a BOM', '\ufeff{}'],
  ['a no-break space', '{\u00a0}'],
  ['a form feed', '\f{}'],
  ['nothing', ''],
  ['an open string', '{"a'],
  ['a bad escape in a key', String.raw`{"\x":1}`],
  ['closed too often', '{}}'],
  ['two values', '{}{}'],
  ['a trailing comma', '{"a":1,}'],
  ['a colon without a key', '{:1}'],
  ['a comment', '{/**/}'],
]
for (const [title, text] of refused) {
  test(`strict json: ${title} is refused`, () => assert.throws(() => parseStrictJson(text, options), StrictJsonError))
}

test('hostile 49: UTF-16, a BOM and overlong UTF-8 are refused as bytes', () => {
  for (const bytes of [Buffer.from('{}', 'utf16le'), Buffer.from('\ufeff{}'), Buffer.from([0x22, 0xc0, 0xaf, 0x22])]) {
    assert.throws(() => parseStrictJsonBytes(bytes, options), StrictJsonError)
  }
  assert.deepEqual(parseStrictJsonBytes(Buffer.from('{"ä":1}'), options), { ä: 1 })
})

test('hostile 49: the prototype is untouched', () => {
  assert.throws(() => parseStrictJson('{"__proto__":{"polluted":1}}', options), StrictJsonError)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('strict json: a text of backslashes and quotes takes linear time', () => {
  const text = `"${'\\\\'.repeat(500_000)}${'\\"'.repeat(500_000)}"`
  const start = performance.now()
  parseStrictJson(text, options)
  assert.ok(performance.now() - start < 500)
})

test('strict json: every value of JSON.stringify comes back', () => {
  const { letrec, oneof, constant, array, dictionary, double, boolean, string } = fc
  const unicode = string({ unit: 'binary' })
  const key = unicode.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text))
  const { value } = letrec((tie) => ({
    value: oneof(
      { maxDepth: 5 },
      constant(null),
      boolean(),
      unicode,
      double({ noNaN: true, noDefaultInfinity: true }),
      array(tie('value'), { maxLength: 4 }),
      dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2), (input, indent) => {
      const text = JSON.stringify(input, null, indent)
      assert.deepEqual(parseStrictJson(text, { maxDepth: 32 }), JSON.parse(text))
    }),
  )
})
