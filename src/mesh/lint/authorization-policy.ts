import type { AuthorizationPolicySpec, Condition, Operation, Rule, Source } from '../resource.ts'
import { namesPorts } from '../webhook/operation.ts'
import { lintCondition } from './condition.ts'
import { type Remark, remarkEach } from './remark.ts'
import {
  lintIpBlock,
  lintMethod,
  lintPath,
  lintPattern,
  lintPort,
  lintPrincipal,
  lintRequestPrincipal,
} from './values.ts'

const SOURCE_LINTS = {
  principals: lintPrincipal,
  notPrincipals: lintPrincipal,
  requestPrincipals: lintRequestPrincipal,
  notRequestPrincipals: lintRequestPrincipal,
  ipBlocks: lintIpBlock,
  notIpBlocks: lintIpBlock,
  remoteIpBlocks: lintIpBlock,
  notRemoteIpBlocks: lintIpBlock,
} as const
const OPERATION_LINTS = {
  hosts: lintPattern,
  notHosts: lintPattern,
  paths: lintPath,
  notPaths: lintPath,
  methods: lintMethod,
  notMethods: lintMethod,
  ports: lintPort,
  notPorts: lintPort,
} as const
const NEGATED_IDENTITIES = [
  'notPrincipals',
  'notNamespaces',
  'notServiceAccounts',
  'notTrustDomains',
  'notRequestPrincipals',
] as const
const SPOOFABLE = ['remoteIpBlocks', 'notRemoteIpBlocks'] as const
const HTTP_KEYS = ['request.headers', 'request.auth.'] as const

/** Remarks on what an AuthorizationPolicy does and its author may not mean. */
export function lintAuthorizationPolicy(spec: AuthorizationPolicySpec, say: Remark): void {
  const { action = 'ALLOW', rules } = spec
  if (action === 'ALLOW' && (rules?.length ?? 0) === 0) say('spec.rules', 'refuses-everything')
  for (const [i, rule] of (rules ?? []).entries()) {
    const path = `spec.rules[${i}]`
    lintRule(path, rule, say)
    if (action === 'DENY' && widensOnTcp(rule)) say(`${path}.when`, 'deny-widens-on-tcp')
  }
}

function lintRule(path: string, rule: Rule, say: Remark): void {
  const { from, to, when } = rule
  if ([from, to, when].every((part) => (part?.length ?? 0) === 0)) say(path, 'matches-everything')
  for (const name of ['from', 'to', 'when'] as const) {
    if (rule[name]?.length === 0) say(`${path}.${name}`, 'empty-means-anyone')
  }
  for (const [i, { source }] of (from ?? []).entries()) {
    if (source !== undefined) lintSource(`${path}.from[${i}].source`, source, say)
  }
  for (const [i, { operation }] of (to ?? []).entries()) {
    if (operation !== undefined) lintOperation(`${path}.to[${i}].operation`, operation, say)
  }
  for (const [i, condition] of (when ?? []).entries()) lintCondition(`${path}.when[${i}]`, condition, say)
}

function lintSource(path: string, source: Source, say: Remark): void {
  for (const [field, lint] of Object.entries(SOURCE_LINTS)) {
    remarkEach(source[field as keyof Source], { path: `${path}.${field}`, say }, lint)
  }
  for (const field of NEGATED_IDENTITIES) {
    if ((source[field]?.length ?? 0) > 0) say(`${path}.${field}`, 'negative-matches-absent')
  }
  for (const field of SPOOFABLE) if ((source[field]?.length ?? 0) > 0) say(`${path}.${field}`, 'remote-ip-spoofable')
}

function lintOperation(path: string, operation: Operation, say: Remark): void {
  for (const [field, lint] of Object.entries(OPERATION_LINTS)) {
    remarkEach(operation[field as keyof Operation], { path: `${path}.${field}`, say }, lint)
  }
}

/** Where the webhook does not warn: TCP has none of the headers and claims, and no port is named that would keep the rule from it. */
function widensOnTcp({ to, when }: Rule): boolean {
  const isHttp = ({ key }: Condition) => HTTP_KEYS.some((start) => key.startsWith(start))
  return (when ?? []).some(isHttp) && !(to ?? []).some(({ operation }) => namesPorts(operation ?? {}))
}
