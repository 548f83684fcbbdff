import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toUpstream } from '../../../src/decide/to-upstream.ts'
import { ALLOWED } from '../../support/decisions.ts'
import { attributes } from '../../support/policies.ts'
import { askedHttp } from '../../support/questions.ts'

test('a field that is removed or set is not the one that was sent, whatever its letter case', () => {
  const question = askedHttp({}, [
    ['X-Gone', '1'],
    ['X-Set', 'sent'],
    ['Accept', 'a'],
    ['accept', 'b'],
  ])
  const mutations = { remove: ['x-gone'], set: [['x-set', 'set'] as const], removeParams: [], path: null }
  const upstream = toUpstream(question, { decision: ALLOWED, attributes: attributes(), mutations })
  assert.deepEqual({ ...upstream?.headers }, { accept: ['a', 'b'], 'x-set': ['set'] })
})

test('hostile 100: a field that is repeated as often as a body has room', { timeout: 5_000 }, () => {
  const question = askedHttp(
    {},
    Array.from({ length: 300_000 }, () => ['a', 'b'] as const),
  )
  const upstream = toUpstream(question, { decision: ALLOWED, attributes: attributes(), mutations: null })
  assert.equal(upstream?.headers.a?.length, 300_000)
})
