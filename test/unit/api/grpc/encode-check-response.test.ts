import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerOptions, refusalOf, toAnswer } from '../../../../src/api/decision-answer.ts'
import { encodeCheckResponse } from '../../../../src/api/grpc/encode-check-response.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { readCheckResponse } from '../../../support/check.ts'
import { ALLOWED } from '../../../support/decisions.ts'
import { DENIED, decided } from '../../../support/fake-decisions.ts'
import { askedHttp } from '../../../support/questions.ts'

const OPTIONS: AnswerOptions = { reasonHeader: false }
const OVERWRITE = 2

function answered(what: Parameters<typeof toAnswer>[1], options = OPTIONS) {
  return readCheckResponse(encodeCheckResponse(toAnswer(askedHttp(), what, options)))
}

test('an allow changes nothing and tells its reason and version', () => {
  assert.deepEqual(answered(decided()), {
    code: 0,
    headers: [],
    remove: [],
    removeParams: [],
    metadata: { reason: 'no policy refuses', version: 17 },
  })
})

test('an allow carries what policies change, each name once', () => {
  const mutations = {
    remove: ['authorization', 'x-claim'],
    set: [
      ['x-claim', 'räw'],
      ['x-team', 'a'],
      ['x-team', 'b'],
    ],
    removeParams: ['access_token'],
    path: '/a',
  } as const
  const { headers, remove, removeParams } = answered(decided(ALLOWED, { mutations }))
  assert.deepEqual(headers, [
    ['x-claim', 'räw', OVERWRITE],
    ['x-team', 'a,b', OVERWRITE],
  ])
  assert.deepEqual([remove, removeParams], [['authorization'], ['access_token']])
})

test('a path that was normalised is the one that goes on', () => {
  const mutations = { remove: [], set: [], removeParams: [], path: '/admin?b=c' }
  assert.deepEqual(answered(decided(ALLOWED, { mutations })).headers, [[':path', '/admin?b=c', OVERWRITE]])
})

test('the dynamic metadata tells policy, dry runs and audit', () => {
  const dryRun = { 'deny.result': 'denied', 'deny.policy': 'ns[a]-policy[q]-rule[0]' } as const
  const { metadata } = answered(decided({ ...DENIED, dryRun, audit: true }))
  assert.deepEqual(metadata, { reason: DENIED.reason, version: 17, policy: DENIED.policy, dryRun, audit: true })
})

test('a refusal carries status, fields and body of whoever refused', () => {
  const response = { headers: [['www-authenticate', 'Bearer realm="x"']], body: 'Jwt is expired' } as const
  const { code, http, headers, body } = answered(
    decided({ ...DENIED, status: 401, cause: 'jwt' }, { response }),
    OPTIONS,
  )
  assert.deepEqual([code, http, body], [16, 401, 'Jwt is expired'])
  assert.deepEqual(headers, [['www-authenticate', 'Bearer realm="x"', OVERWRITE]])
})

const refusals: readonly (readonly [string, unknown, number, number])[] = [
  ['an unreadable request', new AppError('request.malformed', 'm'), 3, 400],
  ['a message that is too long', new AppError('limit.size', 'm'), 8, 413],
  ['a caller without certificate', new AppError('auth.missing', 'm'), 7, 403],
  ['a caller that is not entitled', new AppError('auth.forbidden', 'm'), 7, 403],
  ['an ambiguous workload', new AppError('decision.workload_ambiguous', 'm'), 7, 403],
  ['a workload that is not stored', new AppError('resource.not_found', 'm'), 7, 403],
  ['hostile 101: a store that is not loaded', new AppError('decision.not_ready', 'm'), 14, 503],
  ['a bug', new TypeError('secret'), 13, 500],
]
for (const [title, thrown, code, http] of refusals) {
  test(`${title} is code ${code}, HTTP ${http}`, () => {
    const answer = readCheckResponse(encodeCheckResponse(refusalOf(thrown, { reasonHeader: true })))
    assert.deepEqual([answer.code, answer.http], [code, http])
    assert.doesNotMatch(JSON.stringify(answer), /secret/)
  })
}

test('a refusal without HTTP status is code 7, HTTP 403', () => {
  const { status: _, ...closed } = DENIED
  const { code, http } = answered(decided({ ...closed, decision: 'reject', cause: 'no_filter_chain' }))
  assert.deepEqual([code, http], [7, 403])
})

test('long texts survive', () => {
  const reason = 'ä'.repeat(5000)
  assert.equal(answered(decided({ ...ALLOWED, reason })).metadata?.reason, reason)
})
