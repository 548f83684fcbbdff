import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSpiffeId, problemOfSpiffeId } from '../../src/identity/spiffe-id.ts'
import fc from '../support/fast-check.ts'

const SEGMENT = /^[a-zA-Z0-9._-]+$/

/** SPIFFE-ID §2 as its text reads, slow and obvious. */
function isSpiffeId(uri: string): boolean {
  if (Buffer.byteLength(uri) > 2048) return false
  const match = /^spiffe:\/\/([^/]*)((?:\/[^/]*)*)$/s.exec(uri)
  if (match === null) return false
  const [, trustDomain = '', path = ''] = match
  if (!/^[a-z0-9._-]{1,255}$/.test(trustDomain)) return false
  const segments = path.split('/').slice(1)
  return segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..')
}

const nearly = fc
  .array(
    fc.constantFrom(
      'spiffe://',
      'td',
      'cluster.local',
      '/',
      '/',
      'ns',
      'sa',
      '.',
      '..',
      '%2e',
      'A',
      '_',
      '-',
      '?',
      '#',
      ':',
      '@',
      '\n',
      '\0',
      ' ',
      'é',
      '😀',
      '\\',
      '*',
      'a'.repeat(254),
      'b'.repeat(2000),
    ),
    { maxLength: 9 },
  )
  .map((parts) => parts.join(''))
const wellFormed = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9._-]{1,20}$/),
    fc.array(fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/), { maxLength: 5 }),
  )
  .map(([trustDomain, segments]) => [`spiffe://${trustDomain}`, ...segments].join('/'))
const changed = fc
  .tuple(wellFormed, fc.nat(), fc.string({ maxLength: 2, unit: 'binary' }))
  .map(([uri, at, text]) => uri.slice(0, at % (uri.length + 1)) + text + uri.slice(at % (uri.length + 1)))

test('ID-1…ID-16: parseSpiffeId takes what the standard takes and nothing else', () => {
  let taken = 0
  fc.assert(
    fc.property(
      fc.oneof(
        nearly,
        nearly.map((text) => `spiffe://td/${text}`),
        wellFormed,
        changed,
      ),
      (uri) => {
        const want = isSpiffeId(uri)
        if (want) taken++
        assert.equal(problemOfSpiffeId(uri) === null, want, JSON.stringify(uri))
      },
    ),
    { numRuns: 20_000 },
  )
  assert.ok(taken > 2_000, `${taken} of them were SPIFFE IDs`)
})

test('ID-1…ID-16: the parts of a SPIFFE ID make it again', () => {
  fc.assert(
    fc.property(wellFormed, (uri) => {
      fc.pre(isSpiffeId(uri))
      const id = parseSpiffeId(uri, 'internal')
      assert.equal(`spiffe://${id.trustDomain}${id.path}`, uri)
      assert.ok(id.path === '' || id.path.startsWith('/'))
    }),
  )
})
