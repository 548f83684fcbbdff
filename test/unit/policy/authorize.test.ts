import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationPolicy, Rule } from '../../../src/mesh/resource.ts'
import { authorize } from '../../../src/policy/authorize.ts'
import { attributes, authorizationOf, authorizationPolicy as policy } from '../../support/policies.ts'

const get: Rule = { to: [{ operation: { methods: ['GET'] } }] }
const put: Rule = { to: [{ operation: { methods: ['PUT'] } }] }
const onPort: Rule = { to: [{ operation: { paths: ['/x'], ports: ['8080'] } }] }
const judge = (policies: readonly AuthorizationPolicy[], protocol: 'http' | 'tcp' = 'http') =>
  authorize(authorizationOf(policies, protocol), attributes(protocol === 'tcp' ? { http: null } : {}))

const cases: readonly (readonly [
  what: string,
  policies: readonly AuthorizationPolicy[],
  allowed: boolean,
  protocol?: 'tcp',
])[] = [
  ['no policy allows', [], true],
  ['hostile 94: ALLOW without rules refuses everything', [policy('p', [])], false],
  ['hostile 94: ALLOW with an empty rule allows everything', [policy('p', [{}])], true],
  ['hostile 94: `from: []` means anyone', [policy('p', [{ from: [] }])], true],
  ['ALLOW that matches allows', [policy('p', [put, get])], true],
  ['ALLOW that does not match refuses', [policy('p', [put])], false],
  ['one ALLOW policy of several suffices', [policy('p', [put]), policy('q', [get])], true],
  ['DENY wins over ALLOW', [policy('p', [get]), policy('d', [get], { action: 'DENY' })], false],
  ['DENY without rules refuses nothing', [policy('d', [], { action: 'DENY' })], true],
  ['AUDIT never refuses', [policy('a', [get], { action: 'AUDIT' })], true],
  ['a dry-run DENY refuses nothing', [policy('d', [get], { action: 'DENY', dryRun: true })], true],
  ['a dry-run ALLOW does not count as attached', [policy('p', [put], { dryRun: true })], true],
  ['root policies reach every namespace', [policy('d', [get], { action: 'DENY', namespace: 'istio-system' })], false],
  ['policies of other namespaces do not', [policy('d', [get], { action: 'DENY', namespace: 'bar' })], true],
  [
    'hostile 94: on TCP a DENY with HTTP fields only refuses everything',
    [policy('d', [put], { action: 'DENY' })],
    false,
    'tcp',
  ],
  ['on TCP a DENY keeps its other fields', [policy('d', [onPort], { action: 'DENY' })], false, 'tcp'],
  ['on TCP an ALLOW rule with an HTTP field is dropped whole', [policy('p', [onPort])], false, 'tcp'],
]
for (const [what, policies, allowed, protocol] of cases) {
  test(`authorize: ${what}`, () => assert.equal(judge(policies, protocol).allowed, allowed))
}

test('authorize: dry runs are told on the side, the ALLOW one only if DENY let it through', () => {
  const tried = [policy('d', [get], { action: 'DENY', dryRun: true }), policy('a', [put], { dryRun: true })]
  assert.deepEqual(judge(tried).dryRun, {
    'deny.result': 'denied',
    'deny.policy': 'ns[foo]-policy[d]-rule[0]',
    'allow.result': 'denied',
  })
  const denied = judge([...tried, policy('x', [get], { action: 'DENY' })])
  assert.deepEqual(denied.dryRun, { 'deny.result': 'denied', 'deny.policy': 'ns[foo]-policy[d]-rule[0]' })
})

test('authorize: the audit and the rule that decided are told', () => {
  const verdict = judge([policy('a', [get], { action: 'AUDIT' }), policy('p', [put, get])])
  assert.equal(verdict.audit, true)
  assert.equal(verdict.rule?.name, 'ns[foo]-policy[p]-rule[1]')
})
