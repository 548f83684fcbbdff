import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CODES, KIND } from '../../../src/kernel/errors.ts'
import { codeRows, readDoc } from '../../support/markdown.ts'

/** Names of gRPC statuses by number (google.rpc.Code). */
const GRPC = new Map([
  [3, 'INVALID_ARGUMENT'],
  [5, 'NOT_FOUND'],
  [7, 'PERMISSION_DENIED'],
  [8, 'RESOURCE_EXHAUSTED'],
  [10, 'ABORTED'],
  [13, 'INTERNAL'],
  [14, 'UNAVAILABLE'],
  [16, 'UNAUTHENTICATED'],
])

const rows = codeRows(readDoc('errors.md'))

test('docs/errors.md has every code, each once, in the order of the code, and no other', () => {
  assert.deepEqual(
    rows.map(([code]) => code),
    Object.keys(CODES),
  )
})

for (const [code, kind] of Object.entries(CODES)) {
  const { http, grpc } = KIND[kind]
  test(`docs/errors.md: ${code} has its statuses, and says when and what next`, () => {
    const [, httpCell, grpcCell, ...words] = rows.find(([name]) => name === code) ?? []
    assert.deepEqual([httpCell, grpcCell], [String(http), `${grpc} ${GRPC.get(grpc)}`])
    assert.equal(words.length, 2)
    for (const cell of words) assert.ok(cell.length > 10, cell)
  })
}
