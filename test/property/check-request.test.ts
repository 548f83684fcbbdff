import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf, toAnswer } from '../../src/api/decision-answer.ts'
import { toQuestion } from '../../src/api/grpc/check-question.ts'
import { decodeCheckRequest } from '../../src/api/grpc/decode-check-request.ts'
import { encodeCheckResponse } from '../../src/api/grpc/encode-check-response.ts'
import { parseClientCertificateHeader } from '../../src/api/http/client-certificate-header.ts'
import { openCertificateUris } from '../../src/api/peer-uris.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { checkHttp, checkRequest, headerMap, readCheckResponse } from '../support/check.ts'
import { DENIED, decided } from '../support/fake-decisions.ts'
import fc from '../support/fast-check.ts'

const OPTIONS = { reasonHeader: true }
const SEEDS = [
  checkRequest(),
  checkRequest({ request: undefined }),
  checkRequest({ request: { http: checkHttp({ headers: { authorization: `Bearer ${'a'.repeat(300)}` } }) } }),
  checkRequest({
    request: {
      http: checkHttp({
        headerMap: headerMap([
          ['x-a', 'b'],
          ['x-a', Buffer.from('ä')],
        ]),
      }),
    },
  }),
]

/** One of the messages with bytes changed, put in or cut off. */
const mutated = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    edits: fc.array(fc.record({ at: fc.nat(), cut: fc.nat({ max: 4 }), put: fc.uint8Array({ maxLength: 6 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ seed, edits }) =>
    edits.reduce((bytes, { at, cut, put }) => {
      const start = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + cut)])
    }, seed),
  )

const urisOf = openCertificateUris()

/** What a service that denies everything answers. */
function answer(bytes: Buffer): Buffer {
  try {
    const question = toQuestion(decodeCheckRequest(bytes), urisOf)
    for (const [name] of question.http?.headers.entries() ?? []) question.http?.headers.values(name.toLowerCase())
    return encodeCheckResponse(toAnswer(question, decided(DENIED), OPTIONS))
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    assert.equal(error.code, 'request.malformed')
    return encodeCheckResponse(refusalOf(error, OPTIONS))
  }
}

function isRefused(bytes: Buffer): void {
  const { code, http } = readCheckResponse(answer(bytes))
  assert.ok(code !== 0 && http !== undefined && http >= 400, `code ${code}, HTTP ${http}`)
}

test('hostile 85, 100: no bytes make a CheckRequest throw anything else, or pass by accident', () => {
  fc.assert(fc.property(mutated, isRefused), { numRuns: 5000 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isRefused(Buffer.from(bytes))),
    { numRuns: 2000 },
  )
})

test('hostile 74: x-forwarded-client-cert is read or refused, and what is read stands in it', () => {
  const piece = fc.constantFrom('URI=', 'Hash=1', 'Subject=', '"', '\\"', '\\', ',', ';', '=', 'spiffe://a/b', ' ', 'x')
  const value = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(value, (text) => {
      try {
        for (const { uris } of parseClientCertificateHeader(text))
          for (const uri of uris) assert.ok(text.includes(uri.replaceAll('"', '\\"')), uri)
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === 'request.malformed', String(error))
      }
    }),
    { numRuns: 5000 },
  )
})
