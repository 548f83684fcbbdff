import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTimestamp, toMillisTimestamp, toTimestamp } from '../../../../src/api/http/time.ts'

test('seconds and milliseconds are written as RFC 3339 in UTC', () => {
  assert.equal(toTimestamp(1_795_230_000), '2026-11-21T03:00:00Z')
  assert.equal(toMillisTimestamp(1_795_230_000_007), '2026-11-21T03:00:00.007Z')
})

const good: readonly (readonly [string, number])[] = [
  ['2026-11-21T03:00:00Z', 1_795_230_000_000],
  ['2026-11-21T03:00:00.007Z', 1_795_230_000_007],
  ['2026-11-21T04:00:00+01:00', 1_795_230_000_000],
  ['2028-02-29T00:00:00Z', 1_835_395_200_000],
]
for (const [text, want] of good) test(`${text} is ${want}`, () => assert.equal(parseTimestamp(text, 'since'), want))

const bad = [
  '',
  'now',
  '2026-11-21',
  '2026-11-21 03:00:00Z',
  '2026-11-21T03:00:00',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T03:00:60Z',
  '2026-11-21T03:00:00+99:00',
  '2026-11-21T03:00:00Z\n',
]
for (const text of bad) {
  test(`${JSON.stringify(text)} is refused by the name of its field`, () => {
    assert.throws(() => parseTimestamp(text, 'since'), { code: 'request.malformed', message: /`since`/ })
  })
}
