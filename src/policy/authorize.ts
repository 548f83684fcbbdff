import type { Attributes } from './attributes.ts'
import type { Authorization } from './compile-authorization.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { DryRun } from './decision.ts'
import type { RuleSet } from './rule-set.ts'

/** What AUDIT, DENY and ALLOW say, and what their dry runs would have said. */
export interface AuthorizationVerdict {
  readonly allowed: boolean
  /** The DENY rule that refused or the ALLOW rule that let it pass; null when no rule decided. */
  readonly rule: CompiledRule | null
  /** Whether an AUDIT rule matched. */
  readonly audit: boolean
  readonly dryRun: DryRun | null
}

/** AUDIT, then DENY, then ALLOW; everything is a union over policies, and no ALLOW policy at all allows. */
export function authorize(authorization: Authorization, attributes: Attributes): AuthorizationVerdict {
  const { deny, allow, dryRunDeny, dryRunAllow } = authorization
  const audit = matchOf(authorization.audit, attributes) !== null
  const denied = matchOf(deny, attributes)
  const triedDeny = dryRunDeny === null ? null : tryDeny(dryRunDeny, attributes)
  if (denied !== null) return { allowed: false, rule: denied, audit, dryRun: triedDeny }
  const granted = matchOf(allow, attributes)
  const dryRun = dryRunAllow === null ? triedDeny : { ...triedDeny, ...tryAllow(dryRunAllow, attributes) }
  return { allowed: allow === null || granted !== null, rule: granted, audit, dryRun }
}

function matchOf(rules: RuleSet | null, attributes: Attributes): CompiledRule | null {
  return rules === null ? null : rules.firstMatch(attributes)
}

function tryDeny(rules: RuleSet, attributes: Attributes): DryRun {
  const rule = rules.firstMatch(attributes)
  return rule === null ? { 'deny.result': 'allowed' } : { 'deny.result': 'denied', 'deny.policy': rule.name }
}

function tryAllow(rules: RuleSet, attributes: Attributes): DryRun {
  const rule = rules.firstMatch(attributes)
  return rule === null ? { 'allow.result': 'denied' } : { 'allow.result': 'allowed', 'allow.policy': rule.name }
}
