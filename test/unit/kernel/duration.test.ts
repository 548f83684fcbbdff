import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toSeconds } from '../../../src/kernel/duration.ts'
import fc from '../../support/fast-check.ts'

const good: readonly (readonly [unknown, number])[] = [
  ['90s', 90],
  ['15m', 900],
  ['1h30m', 5_400],
  ['30d', 2_592_000],
  ['5y', 157_680_000],
  ['1y1d1h1m1s', 31_626_061],
  ['0s', 0],
  ['010s', 10],
  [0, 0],
  [90, 90],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
]
for (const [value, want] of good) test(`duration: ${value} is ${want} s`, () => assert.equal(toSeconds(value), want))

const bad: readonly unknown[] = [
  '',
  '1h1h',
  '30m1h',
  '90',
  '-90s',
  '+90s',
  '1.5h',
  ' 90s',
  '90s ',
  '90s\n',
  '90S',
  '600ms',
  '1w',
  'h',
  '٣s',
  '9007199254740992s',
  `${'9'.repeat(400)}y`,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  2 ** 63,
  null,
  undefined,
  true,
  {},
  ['90s'],
  90n,
]
for (const value of bad)
  test(`hostile 43: ${String(value).slice(0, 24)} is no duration`, () => assert.equal(toSeconds(value), null))

test('duration: what is written in units is read back', () => {
  const unit = fc.nat({ max: 10_000 })
  fc.assert(
    fc.property(unit, unit, unit, unit, unit, (y, d, h, m, s) => {
      assert.equal(toSeconds(`${y}y${d}d${h}h${m}m${s}s`), y * 31_536_000 + d * 86_400 + h * 3_600 + m * 60 + s)
    }),
  )
})
