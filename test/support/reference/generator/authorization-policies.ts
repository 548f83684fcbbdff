import type { Action, AuthorizationPolicy, Operation, Rule, Scope, Source } from '../../../../src/mesh/resource.ts'
import type { Random } from '../../der-mutations.ts'
import { HOST_PATTERNS, IP_BLOCKS, METHOD_PATTERNS, PATH_PATTERNS, PORT_VALUES, SELECTORS } from './alphabet.ts'
import {
  drawCondition,
  drawPrincipal,
  drawServiceAccount,
  type Focus,
  NAMESPACE_PATTERNS,
  REQUEST_PRINCIPALS,
  TRUST_DOMAIN_PATTERNS,
} from './conditions.ts'
import { oneIn, pick, pickSome, times } from './dice.ts'
import type { Setting } from './setting.ts'

const SOURCE_DRAWS: Readonly<Record<string, (dice: Random) => string>> = {
  principals: drawPrincipal,
  namespaces: (dice) => pick(dice, NAMESPACE_PATTERNS),
  trustDomains: (dice) => pick(dice, TRUST_DOMAIN_PATTERNS),
  requestPrincipals: (dice) => pick(dice, REQUEST_PRINCIPALS),
  ipBlocks: (dice) => pick(dice, IP_BLOCKS),
  remoteIpBlocks: (dice) => pick(dice, IP_BLOCKS),
  serviceAccounts: drawServiceAccount,
}
const PEER_NAMES = [
  'principals',
  'principals',
  'namespaces',
  'trustDomains',
  'requestPrincipals',
  'ipBlocks',
  'remoteIpBlocks',
]
/** Istio refuses `serviceAccounts` beside `principals` or `namespaces`. */
const ACCOUNT_NAMES = ['serviceAccounts', 'serviceAccounts', 'trustDomains', 'requestPrincipals', 'ipBlocks']
const SOURCE_NAMES = {
  any: [PEER_NAMES, PEER_NAMES, ACCOUNT_NAMES],
  token: [['requestPrincipals', 'requestPrincipals', 'namespaces']],
  custom: [['ipBlocks', 'remoteIpBlocks']],
}
const OPERATION_DRAWS: Readonly<Record<string, (dice: Random) => string>> = {
  paths: (dice) => pick(dice, PATH_PATTERNS),
  methods: (dice) => pick(dice, METHOD_PATTERNS),
  hosts: (dice) => pick(dice, HOST_PATTERNS),
  ports: (dice) => pick(dice, PORT_VALUES),
}
const DRY_RUN = ['true', 'T', '1', 'false', '0', 'True'] as const

/** An AuthorizationPolicy that Istio accepts. */
export function drawAuthorizationPolicy(dice: Random, setting: Setting, index: number): AuthorizationPolicy {
  const action = pick<Action>(dice, [
    'ALLOW',
    'DENY',
    'ALLOW',
    'DENY',
    'ALLOW',
    'DENY',
    'ALLOW',
    'DENY',
    'ALLOW',
    'AUDIT',
    'CUSTOM',
  ])
  const mayBeDryRun = action === 'ALLOW' || action === 'DENY'
  const metadata = {
    name: `${pick(dice, ['p', 'q', 'p-'])}${index}`,
    namespace: pick(dice, ['foo', 'foo', 'foo', setting.rootNamespace || 'istio-system', 'bar']),
    ...(mayBeDryRun && oneIn(dice, 5) ? { annotations: { 'istio.io/dry-run': pick(dice, DRY_RUN) } } : {}),
  }
  const spec = {
    ...(action === 'ALLOW' && oneIn(dice, 2) ? {} : { action }),
    ...(action === 'CUSTOM' ? { provider: { name: pick(dice, ['ext-a', 'ext-a', 'ext-a', 'ext-b', 'unknown']) } } : {}),
    ...drawRules(dice, action, action === 'CUSTOM' ? 'custom' : setting.theme),
    ...drawScope(dice),
  }
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata, spec }
}

/** Which workloads of its namespace a policy is for. */
export function drawScope(dice: Random): Scope {
  const shape = dice(10)
  if (shape < 6) return {}
  if (shape < 9) return { selector: { matchLabels: pick(dice, [...SELECTORS, {}]) } }
  const group = 'gateway.networking.k8s.io'
  const name = pick(dice, ['gw', 'gw', 'other'])
  const gateway = { group, kind: 'Gateway', name, ...(oneIn(dice, 3) ? { namespace: '' } : {}) }
  return { targetRefs: pickSome(dice, [gateway, { group: '', kind: 'Service', name: 'web' }], 2) }
}

function drawRules(dice: Random, action: Action, focus: Focus): { readonly rules?: readonly Rule[] } {
  const mayBeEmpty = action === 'ALLOW' || action === 'AUDIT'
  if (mayBeEmpty && oneIn(dice, 12)) return pick(dice, [{}, { rules: [] }])
  const count = oneIn(dice, 15) ? 12 : 1 + dice(3)
  return { rules: times(count, () => drawRule(dice, focus)) }
}

function drawRule(dice: Random, focus: Focus): Rule {
  if (oneIn(dice, 25)) return pick<Rule>(dice, [{}, { from: [] }, { to: [] }])
  const parts = pick(dice, ['from', 'to', 'when', 'from to', 'from when', 'to when', 'from to when'])
  const entries = () => 1 + dice(2)
  return {
    ...(parts.includes('from') ? { from: times(entries(), () => ({ source: drawSource(dice, focus) })) } : {}),
    ...(parts.includes('to') ? { to: times(entries(), () => ({ operation: drawOperation(dice) })) } : {}),
    ...(parts.includes('when') ? { when: times(entries(), () => drawCondition(dice, focus)) } : {}),
  }
}

function drawSource(dice: Random, focus: Focus): Source {
  return drawFields(dice, pick(dice, SOURCE_NAMES[focus]), SOURCE_DRAWS)
}

function drawOperation(dice: Random): Operation {
  return drawFields(dice, Object.keys(OPERATION_DRAWS), OPERATION_DRAWS)
}

function drawFields(
  dice: Random,
  names: readonly string[],
  draws: Readonly<Record<string, (dice: Random) => string>>,
): Readonly<Record<string, readonly string[]>> {
  const fields: Record<string, readonly string[]> = {}
  for (const name of pickSome(dice, names, 2)) {
    const draw = draws[name]
    if (draw === undefined) throw new TypeError(`no values for \`${name}\``)
    const field = oneIn(dice, 3) ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name
    fields[field] = [...new Set(times(1 + dice(3), () => draw(dice)))]
  }
  return fields
}
