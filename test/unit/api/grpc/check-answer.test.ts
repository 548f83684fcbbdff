import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { toProviderAnswer } from '../../../../src/api/grpc/check-answer.ts'
import { decodeCheckResponse } from '../../../../src/api/grpc/decode-check-response.ts'
import { ProviderError } from '../../../../src/decide/provider-answer.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { askedHttp } from '../../../support/questions.ts'

/** A submessage or text; numbers are varints. Written here anew, so that reader and writer do not share a mistake. */
type Field = readonly [number: number, value: number | string | readonly Field[]]

function message(fields: readonly Field[], writer = new BinaryWriter()): BinaryWriter {
  for (const [number, value] of fields) {
    if (typeof value === 'number') writer.uint32(number << 3).int32(value)
    else if (typeof value === 'string') writer.uint32((number << 3) | 2).string(value)
    else message(value, writer.uint32((number << 3) | 2).fork()).join()
  }
  return writer
}

const question = askedHttp({}, [
  ['x-there', 'one'],
  ['X-There', 'two'],
])
const answerTo = (...fields: readonly Field[]) =>
  toProviderAnswer(decodeCheckResponse(Buffer.from(message(fields).finish())), question)

const OK: Field = [1, []]
const header = (name: string, value: string): Field => [
  1,
  [
    [1, name],
    [2, value],
  ],
]
const append = (value: number): Field => [2, [[1, value]]]

test('status 0 grants, also where the message says nothing else', () => {
  for (const fields of [[], [OK], [OK, [3, []]]] satisfies Field[][])
    assert.deepEqual(answerTo(...fields), { granted: true, headers: [], remove: [] })
})

const options: readonly (readonly [string, readonly Field[], readonly (readonly string[])[]])[] = [
  ['without an action', [header('X-There', 'new')], [['x-there', 'new']]],
  ['append: false', [header('x-there', 'new'), append(0)], [['x-there', 'new']]],
  [
    'append: true',
    [header('x-there', 'new'), append(1)],
    [
      ['x-there', 'one,new'],
      ['x-there', 'two'],
    ],
  ],
  ['append: true, absent', [header('x-new', 'new'), append(1)], []],
  ['ADD_IF_ABSENT', [header('x-there', 'new'), [3, 1]], []],
  ['ADD_IF_ABSENT, absent', [header('x-new', 'new'), [3, 1]], [['x-new', 'new']]],
  ['OVERWRITE_IF_EXISTS_OR_ADD', [header('x-there', 'new'), [3, 2]], [['x-there', 'new']]],
  ['OVERWRITE_IF_EXISTS', [header('x-there', 'new'), [3, 3]], [['x-there', 'new']]],
  ['OVERWRITE_IF_EXISTS, absent', [header('x-new', 'new'), [3, 3]], []],
  [
    'raw_value',
    [
      [
        1,
        [
          [1, 'x-new'],
          [3, 'raw'],
        ],
      ],
    ],
    [['x-new', 'raw']],
  ],
]
for (const [what, option, headers] of options)
  test(`a header of a grant: ${what}`, () =>
    assert.deepEqual(answerTo(OK, [3, [[2, option]]]), { granted: true, headers, remove: [] }))

test('two options for one header count in their order', () => {
  const answer = answerTo(OK, [
    3,
    [
      [2, [header('x-a', '1')]],
      [2, [header('x-a', '2'), append(1)]],
    ],
  ])
  assert.deepEqual(answer.headers, [['x-a', '1,2']])
})

test('headers are removed, but none that makes the request what it is', () => {
  const answer = answerTo(OK, [
    3,
    [
      [5, 'Authorization'],
      [5, ':path'],
      [5, 'Host'],
    ],
  ])
  assert.deepEqual(answer, { granted: true, headers: [], remove: ['authorization'] })
})

const unusable: readonly (readonly [string, Field])[] = [
  ['a pseudo header', [2, [header(':path', '/admin')]]],
  ['Host', [2, [header('host', 'other')]]],
  ['a line break', [2, [header('x-a', 'a\r\nx-b: c')]]],
  ['no name', [2, [header('', 'a')]]],
  [
    'a query parameter to set',
    [
      7,
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
  ],
  ['a query parameter to remove', [8, 'a']],
]
for (const [what, field] of unusable)
  test(`a grant with ${what} is no answer`, () => assert.throws(() => answerTo(OK, [3, [field]]), ProviderError))

test('a refusal has the status, headers and body of the answer', () => {
  const denied: Field = [
    2,
    [
      [1, [[1, 401]]],
      [2, [header('Www-Authenticate', 'X')]],
      [3, 'no'],
    ],
  ]
  const answer = answerTo([1, [[1, 16]]], denied)
  assert.deepEqual(answer, {
    granted: false,
    status: 401,
    headers: [['www-authenticate', 'X']],
    body: 'no',
    reason: 'the provider refused with 401',
  })
})

test('every other code refuses with 403, and so does a grant that carries a refusal', () => {
  for (const fields of [[[1, [[1, 7]]]], [[1, [[1, -1]]]], [OK, [2, []]]] satisfies Field[][]) {
    const answer = answerTo(...fields)
    assert.ok(!answer.granted)
    assert.equal(answer.status, 403)
  }
})

test('what is no message is no answer', () => {
  for (const hex of ['ff', '0a05', '0b', '1a020a05'])
    assert.throws(() => decodeCheckResponse(Buffer.from(hex, 'hex')), AppError)
})
