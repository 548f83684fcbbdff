import { isWatchedOnly } from '../mesh/dry-run.ts'
import type { Action, AuthorizationPolicy } from '../mesh/resource.ts'
import { type CustomRules, compileCustom } from './compile-custom.ts'
import type { CompiledRule, Protocol } from './compile-rule.ts'
import type { RuleCompiler } from './rule-compiler.ts'
import { RuleSet } from './rule-set.ts'

/** The rules of a workload by what they do; null where no policy of the kind is attached. */
export interface Authorization {
  readonly custom: CustomRules | null
  readonly audit: RuleSet | null
  readonly deny: RuleSet | null
  /** Attached ALLOW policies refuse what none of their rules matches, even where they have no rules. */
  readonly allow: RuleSet | null
  readonly dryRunDeny: RuleSet | null
  readonly dryRunAllow: RuleSet | null
  /** The policies, in the order of their names. */
  readonly policies: readonly AuthorizationPolicy[]
}

interface CompileContext {
  readonly compile: RuleCompiler
  readonly protocol: Protocol
  readonly extensionProviders: readonly string[]
}

/** Compiles the attached policies for one protocol. */
export function compileAuthorization(
  policies: readonly AuthorizationPolicy[],
  { compile, protocol, extensionProviders }: CompileContext,
): Authorization {
  const rulesOf = (policy: AuthorizationPolicy) => compile(policy, protocol)
  const ruleSet = (action: Action, dryRun: 'enforced' | 'dry-run') => {
    const chosen = policies.filter(
      (policy) => actionOf(policy) === action && isDryRun(policy) === (dryRun === 'dry-run'),
    )
    return chosen.length === 0 ? null : new RuleSet(chosen.flatMap(rulesOf))
  }
  return {
    custom: compileCustom(
      policies.filter((policy) => actionOf(policy) === 'CUSTOM'),
      { rulesOf, extensionProviders },
    ),
    audit: ruleSet('AUDIT', 'enforced'),
    deny: ruleSet('DENY', 'enforced'),
    allow: ruleSet('ALLOW', 'enforced'),
    dryRunDeny: ruleSet('DENY', 'dry-run'),
    dryRunAllow: ruleSet('ALLOW', 'dry-run'),
    policies,
  }
}

/** All compiled rules, whatever they do. */
export function rulesOf({
  custom,
  audit,
  deny,
  allow,
  dryRunDeny,
  dryRunAllow,
}: Authorization): readonly CompiledRule[] {
  const sets = [custom?.rules ?? null, audit, deny, allow, dryRunDeny, dryRunAllow]
  return sets.flatMap((set) => set?.rules ?? [])
}

export function actionOf({ spec }: AuthorizationPolicy): Action {
  return spec.action ?? 'ALLOW'
}

/** Only ALLOW and DENY can be tried. */
export function isDryRun(policy: AuthorizationPolicy): boolean {
  const action = actionOf(policy)
  return (action === 'ALLOW' || action === 'DENY') && isWatchedOnly(policy.metadata)
}
