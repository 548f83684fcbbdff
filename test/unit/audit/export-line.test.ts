import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLine, toRowLine } from '../../../src/audit/export-line.ts'
import { MalformedExport } from '../../../src/audit/malformed-export.ts'
import type { RecordRow } from '../../../src/audit/row.ts'
import fc from '../../support/fast-check.ts'
import { someRows } from '../../support/record.ts'

const hashes = { previousHash: '0'.repeat(64), hash: 'f'.repeat(64) }
const line = (row: RecordRow) => toRowLine({ row, ...hashes })

test('every row comes back as it was', () => {
  for (const row of someRows()) {
    assert.deepEqual(parseLine(line(row).trimEnd()), { kind: 'row', row, ...hashes })
  }
})

test('whatever an action says, it stands on one line of printable ASCII and comes back (hostile 102)', () => {
  const text = fc.string({ unit: 'binary' })
  const odd = fc.constantFrom('\u001b[2J\r\nfake', '\u009b31m', '\u2028', '\u202e', '"}\n{"log":"actions"')
  const value = fc.oneof(text, odd)
  fc.assert(
    fc.property(value, value, fc.oneof(value, fc.json()), fc.integer(), (actor, target, detail, at) => {
      const row: RecordRow = { log: 'actions', sequence: 1, fields: { at, actor, action: 'x', target, detail } }
      const written = line(row)
      assert.match(written, /^[\x20-\x7e]+\n$/)
      if (!/__proto__|constructor|prototype/.test(detail) && depth(detail) < 3) {
        assert.deepEqual(parseLine(written.trimEnd()), { kind: 'row', row, ...hashes })
      }
    }),
  )
})

test('a time that nobody can write stays a number', () => {
  const [row] = someRows()
  if (row?.log !== 'intents') throw new TypeError('the first row is an intent')
  const beyond: RecordRow = { ...row, fields: { ...row.fields, issuedAt: 2 ** 60, notAfter: -(2 ** 60) } }
  assert.deepEqual(parseLine(line(beyond).trimEnd()), { kind: 'row', row: beyond, ...hashes })
})

const good = { log: 'results', sequence: 1, first: 1, last: 1, outcome: 1, ...hashes }
const bad: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['half a line', JSON.stringify(good).slice(0, 40)],
  ['a list', '[]'],
  ['a field that no hash covers', JSON.stringify({ ...good, note: 'x' })],
  ['a field twice', JSON.stringify(good).replace('"first":1', '"first":1,"first":2')],
  ['a missing field', JSON.stringify({ ...good, last: undefined })],
  ['another log', JSON.stringify({ ...good, log: 'others' })],
  ['a hash in upper case', JSON.stringify({ ...good, hash: 'F'.repeat(64) })],
  ['a number with a fraction', JSON.stringify({ ...good, last: 1.5 })],
  ['a head with more', JSON.stringify({ head: 'a.b.c', note: 'x' })],
]
for (const [what, text] of bad) {
  test(`a line is refused: ${what}`, () => assert.throws(() => parseLine(text), MalformedExport))
}

function depth(json: string): number {
  try {
    return depthOf(JSON.parse(json))
  } catch {
    return 0
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
