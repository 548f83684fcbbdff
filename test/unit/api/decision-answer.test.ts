import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf, toAnswer } from '../../../src/api/decision-answer.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { ALLOWED } from '../../support/decisions.ts'
import { DENIED, decided } from '../../support/fake-decisions.ts'
import { askedHttp } from '../../support/questions.ts'

const OPTIONS = { reasonHeader: false }

test('a refusal is never a status of success', () => {
  for (const status of [200, 204, 101]) {
    const answer = toAnswer(askedHttp(), decided({ ...DENIED, status }), OPTIONS)
    assert.deepEqual([answer.allowed, !answer.allowed && answer.status], [false, 403])
  }
})

const unsettable: readonly (readonly [string, string])[] = [
  ['x-claim', 'a\r\nx-admin: yes'],
  ['x-claim', 'a\u0000b'],
  ['content-length', '5'],
  [':path', '/admin'],
  ['host', 'other'],
  ['x claim\r\nx-admin', 'yes'],
  ['', 'yes'],
]
for (const [name, value] of unsettable) {
  test(`an allow that would set ${JSON.stringify([name, value])} is refused`, () => {
    const mutations = { remove: [], set: [[name, value]] as const, removeParams: [], path: null }
    const answer = toAnswer(askedHttp(), decided(ALLOWED, { mutations }), OPTIONS)
    assert.deepEqual([answer.allowed, !answer.allowed && answer.status], [false, 403])
  })
}

test('a name that no field has is not among those to remove', () => {
  const mutations = { remove: ['x-a', 'x claim\r\nx-admin', ''], set: [], removeParams: [], path: null }
  const answer = toAnswer(askedHttp(), decided(ALLOWED, { mutations }), OPTIONS)
  assert.deepEqual(answer.allowed && answer.remove, ['x-a'])
})

test('the reason goes to the client when that is on, fit for a header', () => {
  const answer = toAnswer(askedHttp(), decided({ ...DENIED, reason: 'a\r\nb' }), { reasonHeader: true })
  assert.deepEqual(!answer.allowed && answer.headers, [['x-alcazar-reason', 'a??b']])
  assert.deepEqual(refusalOf(new AppError('decision.not_ready', 'soon'), OPTIONS).headers, [])
})
