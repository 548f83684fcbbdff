import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toBytes } from '../../../src/kernel/size.ts'

const cases: readonly (readonly [unknown, number | null])[] = [
  ['512B', 512],
  ['64KiB', 65_536],
  ['4MiB', 4_194_304],
  ['1GiB', 1_073_741_824],
  [0, 0],
  [4_096, 4_096],
  ['64KB', null],
  ['64kib', null],
  ['64', null],
  ['1.5MiB', null],
  ['-1KiB', null],
  ['', null],
  ['9999999999999999GiB', null],
  [-1, null],
  [1.5, null],
  [Number.NaN, null],
  [2 ** 53, null],
  [null, null],
]
for (const [value, want] of cases) test(`size: ${value} is ${want}`, () => assert.equal(toBytes(value), want))
