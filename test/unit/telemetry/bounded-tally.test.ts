import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedTally } from '../../../src/telemetry/bounded-tally.ts'

test('a tally counts by both labels, and what is too much together', () => {
  const tally = new BoundedTally(3)
  for (const [first, second] of [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'x'],
    ['b', 'y'],
    ['c', 'x'],
    ['a', 'x'],
  ] as const)
    tally.add(first, second)
  assert.deepEqual(
    [...tally.entries()],
    [
      ['a', 'x', 2],
      ['a', 'y', 1],
      ['b', 'x', 1],
      ['other', 'other', 2],
    ],
  )
})
