import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Difference, differences } from '../../../src/mesh/diff.ts'
import fc from '../../support/fast-check.ts'

const cases: readonly (readonly [title: string, from: unknown, to: unknown, want: readonly Difference[]])[] = [
  ['the same', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['another order of fields', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ['a value', { a: { b: 'x' } }, { a: { b: 'y' } }, [{ path: 'a.b', from: 'x', to: 'y' }]],
  ['a field more', {}, { a: null }, [{ path: 'a', to: null }]],
  ['a field less', { a: [] }, {}, [{ path: 'a', from: [] }]],
  [
    'an element',
    { a: [1, 2] },
    { a: [1, 3, 4] },
    [
      { path: 'a[1]', from: 2, to: 3 },
      { path: 'a[2]', to: 4 },
    ],
  ],
  ['a list for a map', { a: [] }, { a: {} }, [{ path: 'a', from: [], to: {} }]],
  ['a label with signs', { 'x.io/a': '1' }, { 'x.io/a': '2' }, [{ path: '["x.io/a"]', from: '1', to: '2' }]],
  ['a label of a prototype', {}, { constructor: 'x' }, [{ path: 'constructor', to: 'x' }]],
  ['nothing before', undefined, { a: 1 }, [{ path: '', to: { a: 1 } }]],
]
for (const [title, from, to, want] of cases) {
  test(`diff: ${title}`, () => assert.deepEqual(differences(from, to), want))
}

test('diff: empty for equal JSON values, and for no others', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.deepEqual(differences(a, structuredClone(a)), [])
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      if (!isSame && differences(a, b).length === 0) assert.deepEqual(a, b)
    }),
  )
})
