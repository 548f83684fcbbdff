import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PATH_NORMALIZATIONS, type PathNormalization } from '../../../src/mesh/mesh-settings.ts'
import { normalizePath } from '../../../src/policy/normalize-path.ts'
import fc from '../../support/fast-check.ts'

const cases: readonly (readonly [string, PathNormalization, string | null])[] = [
  ['/a/../admin', 'NONE', '/a/../admin'],
  ['/a%00', 'NONE', '/a%00'],
  ['/', 'BASE', '/'],
  ['/%61dmin', 'BASE', '/admin'],
  ['/%2Fa%2fb', 'BASE', '/%2Fa%2fb'],
  ['/%zz%4', 'BASE', '/%zz%4'],
  ['/a\\b', 'BASE', '/a/b'],
  ['/"<>^{|}`', 'BASE', '/%22%3C%3E%5E%7B%7C%7D%60'],
  ['/[x];v=1', 'BASE', '/[x];v=1'],
  ['/a/./b', 'BASE', '/a/b'],
  ['/a/..', 'BASE', '/'],
  ['/a/b/.', 'BASE', '/a/b/'],
  ['/../../x', 'BASE', '/x'],
  ['/a/%2e%2E/b', 'BASE', '/b'],
  ['/a//../b', 'BASE', '/a/b'],
  ['/a//b', 'BASE', '/a//b'],
  ['/.hidden/..x/a.', 'BASE', '/.hidden/..x/a.'],
  ['/a%00b', 'BASE', null],
  ['/%2500', 'BASE', '/%2500'],
  ['/a///b//', 'MERGE_SLASHES', '/a/b/'],
  ['//', 'MERGE_SLASHES', '//'],
  ['////', 'MERGE_SLASHES', '//'],
  ['/a%2Fb', 'MERGE_SLASHES', '/a%2Fb'],
  ['/a%2F%2f..%5C%5cb', 'DECODE_AND_MERGE_SLASHES', '/a/b'],
  ['/%252f', 'DECODE_AND_MERGE_SLASHES', '/%252f'],
]
for (const [path, mode, wanted] of cases) {
  test(`normalizePath: ${path} under ${mode} is ${wanted ?? 'refused'}`, () => {
    assert.equal(normalizePath(path, mode), wanted)
  })
}

const pathText = fc
  .array(fc.constantFrom('/', '.', '..', 'a', '%2e', '%2F', '%5c', '\\', '%61', '%25', '{', ' b', '%', 'é', ';x', '*'))
  .map((parts) => `/${parts.join('')}`)

test('normalizePath: a second pass changes nothing unless an escape of a percent sign was kept', () => {
  fc.assert(
    fc.property(pathText, fc.constantFrom(...PATH_NORMALIZATIONS), (path, mode) => {
      const once = normalizePath(path, mode)
      if (once !== null) assert.equal(normalizePath(once, mode), once)
    }),
    { numRuns: 2000 },
  )
})

test('normalizePath: no dot segment is left but under NONE', () => {
  fc.assert(
    fc.property(
      pathText,
      fc.constantFrom('BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES' as const),
      (path, mode) => {
        const segments = normalizePath(path, mode as PathNormalization)?.split('/') ?? []
        assert.ok(!segments.includes('.') && !segments.includes('..'))
      },
    ),
  )
})
