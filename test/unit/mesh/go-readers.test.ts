import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goDurationMs, parseGoDuration } from '../../../src/mesh/go-duration.ts'
import { parseGoUrl } from '../../../src/mesh/go-url.ts'

// From the documentation and tests of Go's time.ParseDuration and net/url.
const durations: readonly (readonly [string, bigint | null])[] = [
  ['0', 0n],
  ['5s', 5_000_000_000n],
  ['-5s', -5_000_000_000n],
  ['+5.s', 5_000_000_000n],
  ['.5s', 500_000_000n],
  ['1h15m30.918s', 4_530_918_000_000n],
  ['12µs', 12_000n],
  ['2562047h47m16.854775807s', 2n ** 63n - 1n],
  ['2562047h47m16.854775808s', null],
  ['', null],
  ['3', null],
  ['-', null],
  ['s', null],
  ['.', null],
  ['.s', null],
  ['1d', null],
  ['1 s', null],
]
for (const [text, nanos] of durations) {
  test(`go duration: ${JSON.stringify(text)}`, () => assert.equal(parseGoDuration(text), nanos))
}

test('go duration: milliseconds of what was validated', () => {
  assert.equal(goDurationMs('1m30s'), 90_000)
  assert.throws(() => goDurationMs('x'), TypeError)
})

const urls: readonly (readonly [string, string | null, string | null])[] = [
  // text, scheme as a reference, scheme as a request URI
  ['https://x/jwks', 'https', 'https'],
  ['HTTPS://x/j', 'https', 'https'],
  ['https://', 'https', 'https'],
  ['https://x:99999/', 'https', 'https'],
  ['https://x:abc/', null, null],
  ['https://u:p@[::1]:80/a%20b?q#f', 'https', 'https'],
  ['https://[::1/', null, null],
  ['https://a b/', null, null],
  ['https://x/%zz', null, null],
  ['x/jwks', '', null],
  ['/jwks', '', ''],
  ['a:b', 'a', 'a'],
  ['1a:b', null, null],
  ['://', null, null],
  ['hTPp\\\\blah', '', null],
  ['https://x/\n', null, null],
  ['', '', null],
]
for (const [text, reference, request] of urls) {
  test(`go url: ${JSON.stringify(text)}`, () => {
    assert.equal(parseGoUrl(text, 'reference')?.scheme ?? null, reference)
    assert.equal(parseGoUrl(text, 'request')?.scheme ?? null, request)
  })
}
