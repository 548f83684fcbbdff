import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../../src/kernel/errors.ts'
import { readDocuments, toDocuments } from '../../../src/mesh/read-documents.ts'

const values = (text: string) => readDocuments(text).map(({ value }) => value)

test('read: documents of a stream with their index and line, empty ones counted', () => {
  assert.deepEqual(readDocuments('# head\na: 1\n---\n---\nb: {c: [x, "8080"]}\n'), [
    { index: 0, line: 2, value: { a: 1 } },
    { index: 2, line: 5, value: { b: { c: ['x', '8080'] } } },
  ])
})

test('read: one JSON object, a JSON array and bytes', () => {
  assert.deepEqual(readDocuments(' {"a": 1}'), [{ index: 0, line: null, value: { a: 1 } }])
  assert.deepEqual(readDocuments('[{"a": 1}, null, {"b": 2}]'), [
    { index: 0, line: null, value: { a: 1 } },
    { index: 2, line: null, value: { b: 2 } },
  ])
  assert.deepEqual(readDocuments(Buffer.from('a: é')), [{ index: 0, line: 1, value: { a: 'é' } }])
})

test('read: the items of a List count as documents', () => {
  const list = (kind: string) => JSON.stringify({ apiVersion: 'v1', kind, items: [{ a: 1 }, { a: 2 }] })
  assert.deepEqual(values(list('List')), [{ a: 1 }, { a: 2 }])
  assert.deepEqual(values(list('AuthorizationPolicyList')), [{ a: 1 }, { a: 2 }])
  assert.deepEqual(
    readDocuments(`kind: List\nitems: [{a: 1}, {a: 2}]\n---\nb: 3\n`).map(({ index }) => index),
    [0, 1, 2],
  )
})

test('read: a value that was parsed already', () => {
  const list = { kind: 'List', items: [{ a: 1 }, { a: 2 }] }
  assert.deepEqual(toDocuments([list, { b: 3 }]), [
    { index: 0, value: { a: 1 } },
    { index: 1, value: { a: 2 } },
    { index: 2, value: { b: 3 } },
  ])
  assert.deepEqual(toDocuments({ b: 3 }), [{ index: 0, value: { b: 3 } }])
})

test('hostile 42: more documents than can be meant, in any form', () => {
  const many = Array.from({ length: 100_001 }, () => 0)
  for (const read of [
    () => toDocuments(many),
    () => toDocuments({ kind: 'List', items: many }),
    () => readDocuments(JSON.stringify(many)),
  ]) {
    assert.throws(read, { code: 'limit.size' })
  }
})

test('read: nothing is no document', () => {
  for (const text of ['', '\n', '# only words\n', '---\n']) assert.deepEqual(readDocuments(text), [])
})

test('read: YAML 1.2: yes is a word, keys are strings, << is a key', () => {
  assert.deepEqual(values('a: yes\n8080: on\n<<: {b: 1}\n'), [{ a: 'yes', '8080': 'on', '<<': { b: 1 } }])
})

test('read: YAML in flow style is not mistaken for bad JSON', () => {
  assert.deepEqual(values('{a: [b, c]}'), [{ a: ['b', 'c'] }])
})

const refused: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['a key twice', 'a: 1\nb: 2\na: 3\n', /^line 3: /],
  ['a key twice in JSON', '{"a": 1, "a": 2}', /twice/],
  ['hostile 49: a prototype in JSON', '{"__proto__": {}}', /not allowed/],
  ['an alias', 'a: &x [1]\nb: *x\n', /^line 1: has an alias/],
  [
    'an alias bomb',
    `a: &a [x,x]\n${'bcdefgh'.replace(/./g, (k) => `${k}: &${k} [*${String.fromCharCode(k.charCodeAt(0) - 1)},*${String.fromCharCode(k.charCodeAt(0) - 1)}]\n`)}`,
    /alias/,
  ],
  ['a tag of its own', 'a: !!js/function "x"\n', /^line 1: /],
  ['half a document', 'a: [1\n', /^line /],
  ['too much depth', `a: ${'['.repeat(100_000)}`, /^line 1: more than 64 levels deep/],
  ['too much depth in JSON', '['.repeat(100_000), /levels deep/],
  ['bytes that are no text', Buffer.from([0x61, 0xff]), /not UTF-8/],
  ['a List without items', 'kind: List\n', /no list of items/],
]
for (const [name, text, message] of refused) {
  test(`read: ${name} is refused`, () =>
    assert.throws(
      () => readDocuments(text),
      (error) => error instanceof AppError && error.code === 'request.malformed' && message.test(error.message),
    ))
}

test('read: hostile 102: more documents than anybody has are refused', () => {
  const text = `[${'0,'.repeat(100_000)}0]`
  assert.throws(() => readDocuments(text), { code: 'limit.size' })
})
