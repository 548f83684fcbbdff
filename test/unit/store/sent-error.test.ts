import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorDetail } from '../../../src/kernel/errors.ts'
import { toGroupError, toSentError } from '../../../src/store/sent-error.ts'

const faults = [{ document: 0, path: 'spec', code: 'bad', message: 'no' }]
const details: readonly ErrorDetail[] = [
  {},
  { wanted: 'istio-ca' },
  { seen: '3' },
  { retryAfterSeconds: 1 },
  { faults },
  { isPrecondition: true },
  { wanted: 'a', seen: 'b', retryAfterSeconds: 2, faults, isPrecondition: true },
]
for (const detail of details) {
  test(`a refusal with ${Object.keys(detail).join(', ') || 'nothing'} is the same on the other thread`, () => {
    const thrown = new AppError('resource.conflict', 'it has changed', detail)
    const sent = structuredClone(toSentError(thrown))
    assert.deepEqual({ ...new AppError(sent.code, sent.message, sent.detail) }, { ...thrown })
    assert.equal(sent.message, thrown.message)
    assert.equal(sent.inner, null)
  })
}

test('what went wrong inside is for the log alone', () => {
  const sent = toSentError(new Error('at /var/lib/alcazar.db'))
  assert.deepEqual([sent.code, sent.message, sent.detail], ['internal', 'the store failed', {}])
  assert.match(sent.inner ?? '', /alcazar\.db/)
})

test('a group that was not written is one refusal, whatever the cause', () => {
  const { code, detail } = toGroupError(new AppError('resource.conflict', 'no', { seen: '3' }))
  assert.deepEqual([code, detail], ['issue.not_recorded', {}])
})
