import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toUnifiedDiff } from '../../../src/cli/line-diff.ts'
import fc from '../../support/fast-check.ts'

const lines = (...numbers: readonly (number | string)[]) => numbers.map((n) => `${n}\n`).join('')
const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const

test('a change stands between three lines that are the same', () => {
  const diff = toUnifiedDiff(lines(...ten), lines(1, 2, 3, 4, 'x', 6, 7, 8, 9, 10))
  assert.equal(diff, '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n')
})

test('changes far from each other are two hunks, near ones one', () => {
  const far = toUnifiedDiff(lines(...ten, 11, 12), lines('x', 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 'y'))
  assert.equal(far.match(/^@@/gm)?.length, 2)
  const near = toUnifiedDiff(lines(...ten), lines('x', 2, 3, 4, 5, 6, 7, 'y', 9, 10))
  assert.equal(near.match(/^@@/gm)?.length, 1)
})

test('nothing before, nothing after, nothing at all', () => {
  assert.equal(toUnifiedDiff('', 'a\nb\n'), '@@ -0,0 +1,2 @@\n+a\n+b\n')
  assert.equal(toUnifiedDiff('a\n', ''), '@@ -1,1 +0,0 @@\n-a\n')
  assert.equal(toUnifiedDiff('a\n', 'a\n'), '')
})

test('a difference makes the first text into the second', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 })
  fc.assert(
    fc.property(text, text, (from, to) => {
      assert.deepEqual(patch(from, toUnifiedDiff(lines(...from), lines(...to))), to)
    }),
  )
})

/** What `patch` does, for differences that apply exactly. */
function patch(from: readonly string[], diff: string): readonly string[] {
  const result: string[] = []
  let at = 0
  for (const line of diff.split('\n').filter((one) => one !== '')) {
    const start = /^@@ -(\d+),(\d+)/.exec(line)
    if (start !== null) {
      const first = Number(start[2]) === 0 ? Number(start[1]) : Number(start[1]) - 1
      result.push(...from.slice(at, first))
      at = first
    } else if (line.startsWith('+')) result.push(line.slice(1))
    else {
      assert.equal(line.slice(1), from[at])
      if (line.startsWith(' ')) result.push(line.slice(1))
      at++
    }
  }
  return [...result, ...from.slice(at)]
}
