import type { AuthorizationPolicy, AuthorizationPolicySpec, Rule } from '../resource.ts'
import { checkCondition, checkCustomCondition } from './condition.ts'
import type { Objector } from './objector.ts'
import { checkOperation, namesPorts } from './operation.ts'
import { checkScope } from './scope.ts'
import { checkCustomSource, checkSource, isTcpCapable } from './source.ts'

/** What istiod's webhook says of an AuthorizationPolicy. */
export function checkAuthorizationPolicy({ spec }: AuthorizationPolicy, say: Objector): void {
  checkScope(spec, say)
  checkAction(spec, say)
  for (const [i, rule] of (spec.rules ?? []).entries()) {
    const path = `spec.rules[${i}]`
    checkRule(path, rule, say)
    if (spec.action === 'CUSTOM') checkCustomRule(path, rule, say)
    if (spec.action === 'DENY' && widensOnTcp(rule)) say.warning(path, 'deny-http-only-hits-tcp')
  }
}

/** The decoder makes no difference between no rules and an empty list of them. */
function checkAction({ action = 'ALLOW', provider, rules }: AuthorizationPolicySpec, say: Objector): void {
  const hasRules = (rules?.length ?? 0) > 0
  if (action === 'DENY' && !hasRules) say.error('spec.rules', 'deny-without-rules')
  if (action !== 'CUSTOM') {
    if (provider !== undefined) say.error('spec.provider', 'provider-only-for-custom')
  } else if (!hasRules) {
    say.error('spec.rules', 'custom-without-rules')
  } else if ((provider?.name ?? '') === '') {
    say.error('spec.provider.name', 'custom-provider-missing')
  }
}

function checkRule(path: string, rule: Rule, say: Objector): void {
  for (const [i, { source }] of (rule.from ?? []).entries()) {
    if (source === undefined) say.error(`${path}.from[${i}].source`, 'source-missing')
    else checkSource(`${path}.from[${i}].source`, source, say)
  }
  for (const [i, { operation }] of (rule.to ?? []).entries()) {
    if (operation === undefined) say.error(`${path}.to[${i}].operation`, 'operation-missing')
    else checkOperation(`${path}.to[${i}].operation`, operation, say)
  }
  for (const [i, condition] of (rule.when ?? []).entries()) checkCondition(`${path}.when[${i}]`, condition, say)
}

function checkCustomRule(path: string, rule: Rule, say: Objector): void {
  for (const [i, { source }] of (rule.from ?? []).entries()) {
    if (source !== undefined) checkCustomSource(`${path}.from[${i}].source`, source, say)
  }
  for (const [i, condition] of (rule.when ?? []).entries()) checkCustomCondition(`${path}.when[${i}]`, condition, say)
}

/** True for a DENY rule that refuses whole TCP ports, because TCP has none of what it names. */
function widensOnTcp(rule: Rule): boolean {
  const operations = (rule.to ?? []).flatMap(({ operation }) => operation ?? [])
  if (operations.length > 0) return !operations.some(namesPorts)
  const sources = (rule.from ?? []).flatMap(({ source }) => source ?? [])
  return sources.length > 0 && !sources.some(isTcpCapable)
}
