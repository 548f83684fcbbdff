import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationPolicy, Scope } from '../../../src/mesh/resource.ts'
import { candidatesFor } from '../../../src/policy/candidates.ts'
import { isFor } from '../../../src/policy/select.ts'
import fc from '../../support/fast-check.ts'
import { aPolicy } from '../../support/resources.ts'

const GATEWAY = 'gateway.networking.k8s.io/gateway-name'
const labels = fc.dictionary(fc.constantFrom('app', 'tier', GATEWAY), fc.constantFrom('', 'a', 'b'), { maxKeys: 3 })
const target = fc.record({
  group: fc.constant('gateway.networking.k8s.io'),
  kind: fc.constant('Gateway'),
  name: fc.constantFrom('a', 'b'),
})
const scope = fc.record(
  {
    selector: fc.record({ matchLabels: labels }, { requiredKeys: [] }),
    targetRef: target,
    targetRefs: fc.array(target),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Scope>

function toPolicies(scopes: readonly Scope[]): readonly AuthorizationPolicy[] {
  return scopes.map((one, i) => ({ ...aPolicy(`p${i}`), spec: { ...one, rules: [] } }))
}

test('every policy that is for a workload is among its candidates, in the order of the list', () => {
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 12 }), labels, (scopes, own) => {
      const policies = toPolicies(scopes)
      const workload = { namespace: 'shop', name: 'w', labels: own, ip: null, ports: 'as-told' } as const
      const applies = (policy: AuthorizationPolicy) => isFor(policy, workload, 'istio-system')
      const candidates = candidatesFor(policies, workload) as readonly AuthorizationPolicy[]
      assert.deepEqual(candidates.filter(applies), policies.filter(applies))
    }),
  )
})

test('policies for other workloads are no candidates', () => {
  const policies = toPolicies([
    { selector: { matchLabels: { tier: 'backend', app: 'a' } } },
    { selector: { matchLabels: { tier: 'backend', app: 'b' } } },
    { selector: { matchLabels: { tier: 'backend', app: 'c' } } },
  ])
  const names = candidatesFor(policies, { labels: { tier: 'backend', app: 'b' } }).map(({ metadata }) => metadata.name)
  assert.deepEqual(names, ['p1'])
})
