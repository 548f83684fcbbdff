import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPerSecond } from '../../../src/kernel/rate.ts'

const cases: readonly (readonly [unknown, number | null])[] = [
  ['5000/s', 5_000],
  ['600/m', 10],
  ['36/h', 0.01],
  [20, 20],
  [0.5, 0.5],
  ['0/s', null],
  [0, null],
  [-1, null],
  ['20', null],
  ['20/d', null],
  ['20 /s', null],
  ['-1/s', null],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  [null, null],
]
for (const [value, want] of cases) test(`rate: ${value} is ${want}`, () => assert.equal(toPerSecond(value), want))
