import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSource } from '../../../../src/cli/policy/read-source.ts'
import { parseTarget } from '../../../../src/cli/policy/read-target.ts'

const sources: readonly (readonly [text: string, want: string | null])[] = [
  ['none', null],
  ['spiffe://td1/anything', 'spiffe://td1/anything'],
  ['td1/ns/a/sa/b', 'spiffe://td1/ns/a/sa/b'],
  ['a/b', 'spiffe://own/ns/a/sa/b'],
]
for (const [text, want] of sources) {
  test(`source: ${text}`, () => assert.equal(parseSource(text, 'own'), want))
}
for (const text of ['', 'a', '/b', 'a/', 'a/b/c', 'td/ns/a/sa/', 'td/sa/a/ns/b', 'None']) {
  test(`source: \`${text}\` is a usage error`, () => assert.throws(() => parseSource(text, 'own'), { code: 'usage' }))
}

const targets: readonly (readonly [text: string, want: readonly unknown[]])[] = [
  ['GET http://shop/api/items', ['GET', 'shop', '/api/items', null]],
  ['get https://shop:8443/a/../b?x=%zz#f', ['get', 'shop:8443', '/a/../b?x=%zz#f', 8443]],
  ['GET http://shop', ['GET', 'shop', '/', null]],
  ['GET http://[::1]:81/', ['GET', '[::1]:81', '/', 81]],
  ['GET http://[::1]/', ['GET', '[::1]', '/', null]],
  ['POST /a b', ['POST', 'localhost', '/a b', null]],
]
for (const [text, want] of targets) {
  test(`request: ${text}`, () => {
    const { method, host, path, port } = parseTarget(text)
    assert.deepEqual([method, host, path, port], want)
  })
}
for (const text of ['', 'GET', '/a', 'GET ftp://a/', 'GET shop/a', 'GET http:///a']) {
  test(`request: \`${text}\` is a usage error`, () => assert.throws(() => parseTarget(text), { code: 'usage' }))
}
