import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppError } from '../../../src/kernel/errors.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { parsePemFile } from '../../../src/pki/pem-file.ts'
import fc from '../../support/fast-check.ts'

const A = toPem('CERTIFICATE', Buffer.from('one'))
const B = toPem('PRIVATE KEY', Buffer.from('two'))

test('blocks are read in their order', () => {
  const { blocks, oddities } = parsePemFile(A + B)
  assert.deepEqual(
    blocks.map(({ label, der }) => [label, der.toString()]),
    [
      ['CERTIFICATE', 'one'],
      ['PRIVATE KEY', 'two'],
    ],
  )
  assert.deepEqual(oddities, [])
})

const refused: readonly (readonly [string, string])[] = [
  ['nothing', ' \n'],
  ['no block', 'hello'],
  ['DER', '0\u0082\u0001'],
  ['no end', A.slice(0, -10)],
  ['a damaged body', A.replace('b', '!')],
  ['another end', A.replace('END CERTIFICATE', 'END KEY')],
  ['a damaged first line', A.replace('CERTIFICATE-----', 'CERTIFICATE----')],
  ['too many', A.repeat(101)],
]
for (const [what, text] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parsePemFile(text),
      (error: AppError) => error.code === 'request.malformed',
    )
  })
}

test('whatever is written comes back, with other line ends, more space and text between', () => {
  const block = fc.uint8Array({ minLength: 1, maxLength: 200 })
  const end = fc.constantFrom('\n', '\r\n')
  const between = fc.constantFrom('', '\n', '  \n', 'Bag Attributes\n')
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 5 }), end, between, (bodies, lineEnd, more) => {
      const text = bodies.map((body) => more + toPem('CERTIFICATE', Buffer.from(body))).join('')
      const { blocks } = parsePemFile(text.replaceAll('\n', lineEnd))
      assert.deepEqual(
        blocks.map(({ der }) => der),
        bodies.map((body) => Buffer.from(body)),
      )
    }),
  )
})
