import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../src/config/problems.ts'
import { MAX_FILE_BYTES, readYaml } from '../../../src/config/read-yaml.ts'

const read = (text: string | Uint8Array) => readYaml(typeof text === 'string' ? Buffer.from(text) : text, 'a.yaml')

const good: readonly (readonly [string, string, unknown])[] = [
  ['nothing', '', null],
  ['only comments', '# a\n', null],
  ['a byte order mark', '\ufeffa: 1', { a: 1 }],
  ['off is a word (YAML 1.2)', 'a: off', { a: 'off' }],
  ['a date is text', 'a: 2026-01-01', { a: '2026-01-01' }],
  ['a number as key is text', '1: 2', { 1: 2 }],
  ['a merge key is a key like others', '<<: { a: 1 }', { '<<': { a: 1 } }],
]
for (const [what, text, want] of good) test(`yaml: ${what}`, () => assert.deepEqual(read(text), want))

const bad: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['a key twice', 'a: 1\na: 2', 'a.yaml:2:1'],
  ['a key twice, deeper', 'x:\n  a: 1\n  a: 2', 'a.yaml:3:3'],
  ['an alias', 'a: &x [1]\nb: *x', 'a.yaml'],
  [
    'an alias bomb',
    `a: &a [x]\n${[...'bcdefghi'].map((k, i) => `${k}: &${k} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}`,
    'a.yaml',
  ],
  ['two documents', 'a: 1\n---\nb: 2', 'a.yaml:2:1'],
  ['an unknown tag', 'a: !!js/function x', 'a.yaml:1:4'],
  ['a list as key', '? [a]\n: 1', 'a.yaml:1:3'],
  ['bad indentation', 'a:\n  b: 1\n c: 2', 'a.yaml:3:1'],
  ['bytes that are not UTF-8', Uint8Array.of(0x61, 0x3a, 0x20, 0xff), 'a.yaml'],
  ['more than 1 MiB', Buffer.alloc(MAX_FILE_BYTES + 1, ' '), 'a.yaml'],
  ['100,000 open brackets', '['.repeat(100_000), 'a.yaml'],
  ['100,000 nested maps', `${'{a: '.repeat(100_000)}1${'}'.repeat(100_000)}`, 'a.yaml'],
  ['100,000 nested dashes', `${'- '.repeat(100_000)}a`, 'a.yaml'],
  ['1,000 levels of indentation', Array.from({ length: 1_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'a.yaml'],
]
for (const [what, text, path] of bad) {
  test(`yaml: ${what} is refused`, () => {
    assert.throws(
      () => read(text),
      (error) => error instanceof ConfigError && error.problems[0]?.path === path,
    )
  })
}

test('yaml: a prototype stays what it is', () => {
  assert.deepEqual(Object.keys(Object(read('__proto__: { polluted: 1 }'))), ['__proto__'])
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})
