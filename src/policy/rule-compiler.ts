import type { MeshSettings } from '../mesh/mesh-settings.ts'
import type { AuthorizationPolicy } from '../mesh/resource.ts'
import { type CompiledRule, compileRules, type Protocol } from './compile-rule.ts'

/** Compiles the rules of a policy, once for each protocol: workloads that share a policy share its rules. */
export type RuleCompiler = (policy: AuthorizationPolicy, protocol: Protocol) => readonly CompiledRule[]

/** A compiler for one set of mesh settings; what it compiled lives as long as the policy does. */
export function openRuleCompiler(mesh: MeshSettings): RuleCompiler {
  const trustDomains = trustDomainsOf(mesh)
  const compiled = { http: new WeakMap(), tcp: new WeakMap() } satisfies Record<
    Protocol,
    WeakMap<AuthorizationPolicy, readonly CompiledRule[]>
  >
  return (policy, protocol) => {
    const known = compiled[protocol].get(policy)
    if (known !== undefined) return known
    const rules = compileRules(policy, { trustDomain: mesh.trustDomain, trustDomains, protocol })
    compiled[protocol].set(policy, rules)
    return rules
  }
}

/** The trust domain and its aliases, each once. */
export function trustDomainsOf({ trustDomain, trustDomainAliases }: MeshSettings): readonly string[] {
  return [...new Set([trustDomain, ...trustDomainAliases])]
}
