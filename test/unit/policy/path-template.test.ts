import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPathTemplate } from '../../../src/mesh/webhook/path-template.ts'
import { fitsTemplate, toPathTemplate } from '../../../src/policy/path-template.ts'

const cases: readonly (readonly [template: string, path: string, fits: boolean])[] = [
  ['/a/{*}', '/a/b', true],
  ['/a/{*}', '/a/', false],
  ['/a/{*}', '/a/b/c', false],
  ['/a/{*}', '/a/b/', false],
  ['/a/{*}', '/a/[', false],
  ['/a/{**}', '/a/', true],
  ['/a/{**}', '/a', false],
  ['/a/{**}', '/a/b/c/', true],
  ['/{*}/{**}', '/a', false],
  ['/{*}/{**}', '/a/', true],
  ['/{**}/x', '/admin//x', true],
  ['/{**}/x', '/x', false],
  ['/{**}/x', '/a/x/y', false],
  ['/{*}/x/{*}/y', '/1/x/2/y', true],
  ['/{*}x', '/ax', true],
  ['/{*}x', '/xx', true],
  ['/{*}x', '/x', false],
  ['/{**}', '/{raw}', false],
  ['/{**}', '/a%2Fb', true],
]
for (const [template, path, fits] of cases) {
  test(`template ${template} ${fits ? 'fits' : 'does not fit'} ${path}`, () => {
    assert.equal(fitsTemplate(toPathTemplate(template), path), fits)
  })
}

test('only {*} and {**} make a template', () => {
  assert.deepEqual(['/{*}', '/{**}', '/*', '/{a}'].map(isPathTemplate), [true, true, false, false])
})

test('hostile 98: a template with many wildcards ends, whatever it is tried on', () => {
  const template = toPathTemplate(`/${'{**}a'.repeat(40)}b`)
  assert.equal(fitsTemplate(template, `/${'a'.repeat(4000)}`), false)
})
