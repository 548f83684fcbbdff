import type { AuthorizationPolicy } from '../mesh/resource.ts'
import type { CompiledRule } from './compile-rule.ts'
import { RuleSet } from './rule-set.ts'

/** The CUSTOM rules of a workload: whom to ask, or that everything they match is refused. */
export interface CustomRules {
  readonly rules: RuleSet
  /** Null where the provider is unknown to the mesh, or two policies name different ones. */
  readonly provider: string | null
}

interface CustomContext {
  readonly rulesOf: (policy: AuthorizationPolicy) => readonly CompiledRule[]
  readonly extensionProviders: readonly string[]
}

/** Policies of one known provider are a union; anything else refuses what it matches, as istiod generates it. */
export function compileCustom(
  policies: readonly AuthorizationPolicy[],
  { rulesOf, extensionProviders }: CustomContext,
): CustomRules | null {
  if (policies.length === 0) return null
  const names = [...new Set(policies.map(providerOf))]
  const [only = ''] = names
  const usable = names.length === 1 && extensionProviders.includes(only)
  const suffix = usable ? '' : '-deny-due-to-bad-CUSTOM-action'
  const rules = policies.flatMap((policy) =>
    rulesOf(policy).map((rule) => ({ ...rule, name: `istio-ext-authz-${providerOf(policy)}-${rule.name}${suffix}` })),
  )
  return { rules: new RuleSet(rules), provider: usable ? only : null }
}

function providerOf({ spec }: AuthorizationPolicy): string {
  return spec.provider?.name ?? ''
}
