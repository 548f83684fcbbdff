import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from '../../../../src/cli/policy/compare.ts'
import type { RecordedOutcome, Wanted } from '../../../../src/cli/policy/wanted.ts'
import type { Explained } from '../../../../src/decide/what-if.ts'
import type { Decision } from '../../../../src/policy/decision.ts'

const RULE = 'ns[shop]-policy[no-admin]-rule[10]'
const denied: Decision = {
  decision: 'deny',
  status: 403,
  cause: 'rbac',
  phase: 'authorization',
  policy: RULE,
  reason: '',
}
const allowed: Decision = { decision: 'allow', status: 200, cause: 'allowed', phase: 'authorization', reason: '' }
const closed: Decision = { decision: 'reject', cause: 'no_filter_chain', phase: 'peer', reason: '' }
const badToken: Decision = { decision: 'deny', status: 401, cause: 'jwt', phase: 'request', reason: '' }

const expectations: readonly (readonly [wanted: Wanted, got: Decision, want: readonly string[]])[] = [
  [{ expect: 'allow' }, allowed, []],
  [{ expect: 'allow' }, denied, ['decision']],
  [{ expect: 'deny' }, denied, []],
  [{ expect: 'deny' }, closed, []],
  [{ expect: 'deny' }, allowed, ['decision']],
  [{ expect: 401 }, badToken, []],
  [{ expect: 401 }, denied, ['status']],
  [{ expect: 403 }, closed, ['status']],
  [{ expect: 'deny', policy: 'no-admin' }, denied, []],
  [{ expect: 'deny', policy: 'shop/no-admin' }, denied, []],
  [{ expect: 'deny', policy: RULE }, denied, []],
  [{ expect: 'deny', policy: 'admin' }, denied, ['policy']],
  [{ expect: 'deny', policy: 'hop/no-admin' }, denied, ['policy']],
  [{ expect: 'deny', policy: 'no-admin' }, closed, ['policy']],
  [{ expect: 'allow', policy: 'no-admin' }, { ...allowed, allowedBy: RULE }, []],
]
for (const [wanted, decision, want] of expectations) {
  test(`expected ${JSON.stringify(wanted)}, got ${decision.decision}: ${want.join() || 'agrees'}`, () =>
    assert.deepEqual(differences(wanted, { decision }), want))
}

const outcome: RecordedOutcome = { decision: 'deny', status: 403, cause: 'rbac', policy: RULE }
const changes: readonly (readonly [change: Partial<Decision>, want: readonly string[]])[] = [
  [{}, []],
  [{ status: 401, cause: 'jwt' }, ['status', 'cause']],
  [{ policy: 'ns[a]-policy[b]-rule[0]' }, ['policy']],
  [{ audit: true }, ['audit']],
  [{ dryRun: { 'deny.result': 'denied' } }, ['dryRun']],
  [{ reason: 'another', phase: 'custom', allowedBy: RULE }, []],
]
for (const [change, want] of changes) {
  test(`a row: ${JSON.stringify(change)}: ${want.join() || 'agrees'}`, () =>
    assert.deepEqual(differences(outcome, { decision: { ...denied, ...change } }), want))
}

const base64 = (claim: unknown) => Buffer.from(JSON.stringify(claim)).toString('base64')
const upstream = { method: 'GET', path: '/', host: 'a', headers: { 'x-a': ['1'], 'x-b': [base64({ a: 1, b: 2 })] } }
const received: readonly (readonly [got: Explained['upstream'], want: readonly string[]])[] = [
  [upstream, []],
  [undefined, ['upstream']],
  [{ ...upstream, path: '/b' }, ['upstream.path']],
  [{ ...upstream, headers: { ...upstream.headers, 'x-a': ['1', '1'] } }, ['upstream.headers.x-a']],
  [{ ...upstream, headers: { ...upstream.headers, 'x-new': ['1'] } }, ['upstream.headers.x-new']],
  [{ ...upstream, headers: { ...upstream.headers, 'x-b': [base64({ b: 2, a: 1 })] } }, []],
  [{ ...upstream, headers: { ...upstream.headers, 'x-forwarded-client-cert': ['By=x'] } }, []],
]
for (const [got, want] of received) {
  test(`a row: the workload received ${JSON.stringify(got)}: ${want.join() || 'agrees'}`, () =>
    assert.deepEqual(
      differences({ ...outcome, upstream }, { decision: denied, ...(got === undefined ? {} : { upstream: got }) }),
      want,
    ))
}
