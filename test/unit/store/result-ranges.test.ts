import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toRanges } from '../../../src/store/result-ranges.ts'
import fc from '../../support/fast-check.ts'

test('ranges hold exactly the ids, in order, and never touch', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 })), (ids) => {
      const ranges = toRanges(ids, 'issued')
      const held = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
      assert.deepEqual(
        held,
        ids.toSorted((a, b) => a - b),
      )
      for (const [index, range] of ranges.entries()) {
        const before = ranges[index - 1]
        if (before !== undefined) assert.ok(before.last + 1 < range.first)
      }
    }),
  )
})
