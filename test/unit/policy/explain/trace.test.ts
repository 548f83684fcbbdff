import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceAuthorization } from '../../../../src/policy/explain/trace.ts'
import { toHeaders } from '../../../../src/policy/headers.ts'
import { attributes, authorizationOf, authorizationPolicy as policy } from '../../../support/policies.ts'

test('trace: every policy in the order of evaluation, every rule with the first field that did not hold', () => {
  const allow = policy('allow', [
    { from: [{ source: { namespaces: ['foo'] } }], to: [{ operation: { methods: ['PUT'], paths: ['/x'] } }] },
    {},
  ])
  const deny = policy('deny', [{ when: [{ key: 'request.headers[x]', values: ['y'] }] }], { action: 'DENY' })
  const traces = traceAuthorization(authorizationOf([allow, deny]), attributes())
  assert.deepEqual(
    traces.map(({ policy: name, action, matched }) => [name, action, matched]),
    [
      ['foo/deny', 'DENY', false],
      ['foo/allow', 'ALLOW', true],
    ],
  )
  assert.deepEqual(traces[0]?.rules[0]?.mismatch, {
    field: 'when[0].values',
    attribute: 'request.headers[x]',
    wanted: ['y'],
    negative: false,
    seen: [],
  })
  assert.deepEqual(traces[1]?.rules[0]?.mismatch, {
    field: 'to[0].operation.methods',
    attribute: 'method',
    wanted: ['PUT'],
    negative: false,
    seen: ['GET'],
  })
  assert.equal(traces[1]?.rules[1]?.matched, true)
})

test('trace: of alternatives the one that gets furthest tells', () => {
  const rule = { to: [{ operation: { methods: ['PUT'] } }, { operation: { methods: ['GET'], paths: ['/x'] } }] }
  const [trace] = traceAuthorization(authorizationOf([policy('p', [rule])]), attributes())
  assert.equal(trace?.rules[0]?.mismatch?.field, 'to[1].operation.paths')
})

test('trace: a rule that TCP leaves out says so', () => {
  const policies = [policy('p', [{ to: [{ operation: { paths: ['/x'] } }] }])]
  const [trace] = traceAuthorization(authorizationOf(policies, 'tcp'), attributes({ http: null }))
  assert.equal(trace?.rules[0]?.matched, false)
  assert.match(trace?.rules[0]?.note ?? '', /TCP/)
})

test('trace: what was seen is cut, for each rule repeats it', () => {
  const headers = toHeaders(Array.from({ length: 100 }, () => ['x', 'v'.repeat(10_000)] as const))
  const policies = [policy('p', [{ when: [{ key: 'request.headers[x]', values: ['y'] }] }])]
  const [trace] = traceAuthorization(authorizationOf(policies), attributes({ http: { headers } }))
  const seen = trace?.rules[0]?.mismatch?.seen ?? []
  assert.deepEqual([seen.length, seen[0]?.length], [16, 256])
})
