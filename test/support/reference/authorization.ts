import type { Action, AuthorizationPolicy } from '../../../src/mesh/resource.ts'
import type { Facts } from './facts.ts'
import type { Row } from './row.ts'
import { actionOf, matchingRules } from './rules.ts'
import { applies } from './scope.ts'

/** What AUDIT, DENY and ALLOW policies say of a request. */
export interface Authorization {
  readonly allowed: boolean
  /** The DENY rule that refused. */
  readonly policy?: string
  readonly audit?: true
  readonly dryRun?: Readonly<Record<string, string>>
}

/** Evaluates AUDIT, then DENY, then ALLOW, with the dry-run policies on the side. */
export function authorize(row: Row, facts: Facts): Authorization {
  const of = (action: Action, dryRun: boolean) =>
    attachedPolicies(row, action).filter((one) => isDryRun(one) === dryRun)
  const match = (policies: readonly AuthorizationPolicy[]) => matchingRules(policies, row, facts)[0]
  const audit = match(attachedPolicies(row, 'AUDIT')) === undefined ? {} : { audit: true as const }
  const denyShadow = shadowOf('deny', of('DENY', true), match)
  const denied = match(of('DENY', false))
  if (denied !== undefined) return { allowed: false, policy: denied, ...audit, ...dryRunOf(denyShadow) }
  const allows = of('ALLOW', false)
  const allowed = allows.length === 0 || match(allows) !== undefined
  return { allowed, ...audit, ...dryRunOf({ ...denyShadow, ...shadowOf('allow', of('ALLOW', true), match) }) }
}

/** The policies of one action that are for the workload. */
export function attachedPolicies(row: Row, action: Action): readonly AuthorizationPolicy[] {
  const policies = row.policies.filter((policy) => policy.kind === 'AuthorizationPolicy')
  return policies.filter((policy) => actionOf(policy) === action && applies(policy, row))
}

/** The annotation is read as Go reads a boolean; anything else means enforced. */
function isDryRun({ metadata }: AuthorizationPolicy): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(metadata.annotations?.['istio.io/dry-run'] ?? '')
}

type FirstMatch = (policies: readonly AuthorizationPolicy[]) => string | undefined

function shadowOf(
  action: 'allow' | 'deny',
  policies: readonly AuthorizationPolicy[],
  match: FirstMatch,
): Readonly<Record<string, string>> {
  if (policies.length === 0) return {}
  const name = match(policies)
  const isAllowed = (action === 'allow') === (name !== undefined)
  const result = { [`${action}.result`]: isAllowed ? 'allowed' : 'denied' }
  return name === undefined ? result : { ...result, [`${action}.policy`]: name }
}

function dryRunOf(shadow: Readonly<Record<string, string>>): Pick<Authorization, 'dryRun'> {
  return Object.keys(shadow).length === 0 ? {} : { dryRun: shadow }
}
