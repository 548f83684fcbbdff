import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layFields, layTable } from '../../../src/cli/layout.ts'
import { toSafeJson, toSafeText } from '../../../src/cli/safe-text.ts'
import { distance, toStyle } from '../../../src/cli/style.ts'
import { FAKE_NOW, fakeIo } from '../../support/fake-io.ts'

const at = (seconds: number) => new Date(FAKE_NOW + seconds * 1000).toISOString()

const distances: readonly (readonly [seconds: number, want: string])[] = [
  [0, 'now'],
  [1, 'in 1 s'],
  [-59, '59 s ago'],
  [90, 'in 1 min 30 s'],
  [43 * 60 + 5, 'in 43 min'],
  [80 * 60, 'in 1 h 20 min'],
  [-(2 * 86_400 + 3 * 3600), '2 d 3 h ago'],
  [30 * 86_400, 'in 30 d'],
]
for (const [seconds, want] of distances) {
  test(`time: ${seconds} s away is "${want}"`, () => assert.equal(distance(at(seconds), FAKE_NOW), want))
}

test('time: what is no time is shown as it is', () => {
  const style = toStyle(fakeIo({ terminal: true }), fakeIo({ terminal: true }).stdout)
  assert.equal(style.time('-'), '-')
  assert.equal(style.shortTime(''), '')
})

test('a pipe gets plain times and no colour, a terminal both unless NO_COLOR or TERM=dumb', () => {
  const show = (io: ReturnType<typeof fakeIo>) => {
    const style = toStyle(io, io.stdout)
    return [style.shortTime('2026-11-21T03:43:00Z'), style.bad('x')]
  }
  assert.deepEqual(show(fakeIo()), ['2026-11-21T03:43:00Z', 'x'])
  assert.deepEqual(show(fakeIo({ terminal: true })), ['in 43 min', '\u001b[31mx\u001b[0m'])
  assert.deepEqual(show(fakeIo({ terminal: true, env: { NO_COLOR: '1' } })), ['in 43 min', 'x'])
  assert.deepEqual(show(fakeIo({ terminal: true, env: { TERM: 'dumb' } })), ['in 43 min', 'x'])
})

test('a table is aligned, its empty cells are dashes, and colour moves nothing', () => {
  const io = fakeIo({ terminal: true })
  const columns = [
    { heading: 'A', cell: (item: string) => item, paint: (text: string) => `<${text}>` },
    { heading: 'LONGER', cell: () => '' },
  ]
  const plain = layTable(columns, ['x', 'yyyy'], toStyle(fakeIo(), fakeIo().stdout))
  assert.equal(plain, 'A     LONGER\n<x   >  -\n<yyyy>  -\n')
  assert.ok(layTable(columns, [], toStyle(io, io.stdout)).includes('LONGER'))
})

test('fields are aligned and those without a value left out', () => {
  const style = toStyle(fakeIo(), fakeIo().stdout)
  const fields = [
    ['Id', '1'],
    ['Expires', 'never'],
    ['Not', undefined],
  ] as const
  assert.equal(layFields(fields, style), 'Id       1\nExpires  never\n')
})

const hostile: readonly (readonly [title: string, text: string])[] = [
  ['an escape sequence', '\u001b[31mred'],
  ['a new line', 'one\nERROR forged'],
  ['a carriage return', 'one\rtwo'],
  ['a C1 control', 'a\u009b31mb'],
  ['a right-to-left override', 'a\u202eb'],
  ['a line separator', 'a\u2028b'],
  ['a lone surrogate', 'a\ud800b'],
  ['a tag character', 'a\u{e0041}b'],
]
for (const [title, text] of hostile) {
  test(`hostile 102: ${title} is not printed`, () => {
    const safe = toSafeText(text)
    assert.match(safe, /^[\x20-\x7e]+$/)
    const json = toSafeJson({ text })
    assert.match(json, /^[\x20-\x7e\n]+$/)
    assert.deepEqual(JSON.parse(json), { text })
  })
}
