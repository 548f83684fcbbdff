import { attachedPolicies } from './authorization.ts'
import type { Facts } from './facts.ts'
import { valuesOf } from './headers.ts'
import type { Row } from './row.ts'
import { byteOrdered, matchingRules } from './rules.ts'

/** How CUSTOM policies refuse: by asking the authorizer, or because they are misconfigured (then with a rule's name). */
export type CustomRefusal = { readonly cause: 'ext_authz' } | { readonly cause: 'rbac'; readonly policy: string }

const PROVIDERS = ['ext-a', 'ext-b']

/** What the CUSTOM policies of the workload refuse; null when they let the request pass. */
export function refuseByCustom(row: Row, facts: Facts): CustomRefusal | null {
  const policies = attachedPolicies(row, 'CUSTOM')
  const providers = new Set(policies.map((policy) => policy.spec.provider?.name ?? ''))
  const isMisconfigured = providers.size > 1 || [...providers].some((name) => !PROVIDERS.includes(name))
  if (isMisconfigured) {
    const named = policies.map((policy) => ({ provider: policy.spec.provider?.name ?? '', policy }))
    const names = named.flatMap(({ provider, policy }) =>
      matchingRules([policy], row, facts).map((rule) => `istio-ext-authz-${provider}-${rule}`),
    )
    const lowest = byteOrdered(names)[0]
    return lowest === undefined ? null : { cause: 'rbac', policy: `${lowest}-deny-due-to-bad-CUSTOM-action` }
  }
  if (facts.http === null || matchingRules(policies, row, facts).length === 0) return null
  const isRefused = valuesOf(facts.http.headers, 'x-ext-authz').some((value) => value.includes('deny'))
  return isRefused ? { cause: 'ext_authz' } : null
}
