import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toAsciiJson } from '../../../src/kernel/ascii-json.ts'
import fc from '../../support/fast-check.ts'

test('JSON in ASCII: the same value, in printable characters alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = toAsciiJson(JSON.stringify({ text }))
      assert.match(json, /^[\x20-\x7e]+$/)
      assert.deepEqual(JSON.parse(json), { text })
    }),
  )
})
