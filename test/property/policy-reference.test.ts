import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationPolicy, Policy } from '../../src/mesh/resource.ts'
import fc from '../support/fast-check.ts'
import { evaluate } from '../support/reference/evaluate.ts'
import { arbitraryRow } from '../support/reference/generator/arbitrary.ts'
import type { OpenRow } from '../support/reference/generator/rows.ts'
import { makeCredentials } from '../support/reference/generator/tokens.ts'
import type { Outcome } from '../support/reference/row.ts'

const rows = arbitraryRow(makeCredentials())
const RUNS = { numRuns: 500 }

function outcomes(row: OpenRow, policies: readonly Policy[] = row.policies): readonly Outcome[] {
  return row.requests.map((request) => evaluate({ ...row, policies }, request))
}

function changeAuthorization(row: OpenRow, change: (policy: AuthorizationPolicy) => Policy): readonly Policy[] {
  return row.policies.map((policy) => (policy.kind === 'AuthorizationPolicy' ? change(policy) : policy))
}

function withoutDryRun({ dryRun: _, ...outcome }: Outcome): Outcome {
  return outcome
}

test('reference: the order of authorization policies does not matter', () => {
  const property = fc.property(rows, (row) => {
    const authorization = row.policies.filter(({ kind }) => kind === 'AuthorizationPolicy')
    const others = row.policies.filter(({ kind }) => kind !== 'AuthorizationPolicy')
    assert.deepEqual(outcomes(row, [...others, ...authorization.toReversed()]), outcomes(row))
  })
  fc.assert(property, RUNS)
})

test('reference: one more DENY never lets a request pass', () => {
  const property = fc.property(rows, rows, (row, other) => {
    const denies = other.policies.filter(
      (policy) => policy.kind === 'AuthorizationPolicy' && policy.spec.action === 'DENY',
    )
    const before = outcomes(row)
    const after = outcomes(row, [...row.policies, ...denies])
    for (const [index, outcome] of after.entries()) {
      if (outcome.decision === 'allow') assert.equal(before[index]?.decision, 'allow')
    }
  })
  fc.assert(property, RUNS)
})

test('reference: a dry run changes nothing but its own results', () => {
  const property = fc.property(rows, rows, (row, other) => {
    const annotations = { 'istio.io/dry-run': 'true' }
    const tried = changeAuthorization(other, (one) => ({ ...one, metadata: { ...one.metadata, annotations } }))
    const shadows = tried.filter((one) => one.kind === 'AuthorizationPolicy' && isAllowOrDeny(one))
    const after = outcomes(row, [...row.policies, ...shadows])
    assert.deepEqual(after.map(withoutDryRun), outcomes(row).map(withoutDryRun))
  })
  fc.assert(property, RUNS)
})

function isAllowOrDeny({ spec }: AuthorizationPolicy): boolean {
  return spec.action === undefined || spec.action === 'ALLOW' || spec.action === 'DENY'
}
