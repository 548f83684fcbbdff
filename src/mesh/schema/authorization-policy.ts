import { listOf, type Node, type Objection, type ObjectNode, shortText, TEXT } from './node.ts'
import { checkScope, SCOPE_FIELDS } from './scope.ts'

const TEXTS = listOf(TEXT)
const SERVICE_ACCOUNTS = listOf(shortText(320, 'serviceaccount-too-long'), {
  count: 16,
  code: 'serviceaccounts-too-many',
})
const NOT_BESIDE_SERVICE_ACCOUNTS = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const

/** A field and its negation. */
function bothSigns(names: Readonly<Record<string, Node>>): Record<string, Node> {
  const pairs = Object.entries(names).flatMap(([name, node]) => [
    [name, node] as const,
    [`not${name[0]?.toUpperCase()}${name.slice(1)}`, node] as const,
  ])
  return Object.fromEntries(pairs)
}

const SOURCE: ObjectNode = {
  is: 'object',
  fields: bothSigns({
    principals: TEXTS,
    requestPrincipals: TEXTS,
    namespaces: TEXTS,
    serviceAccounts: SERVICE_ACCOUNTS,
    trustDomains: TEXTS,
    ipBlocks: TEXTS,
    remoteIpBlocks: TEXTS,
  }),
  check: checkServiceAccounts,
}

const OPERATION: ObjectNode = {
  is: 'object',
  fields: bothSigns({ hosts: TEXTS, ports: TEXTS, methods: TEXTS, paths: TEXTS }),
}

const CONDITION: ObjectNode = {
  is: 'object',
  fields: { key: TEXT, values: TEXTS, notValues: TEXTS },
  required: { key: 'when-key-empty' },
}

const RULE: ObjectNode = {
  is: 'object',
  fields: {
    from: listOf({ is: 'object', fields: { source: SOURCE } }, { count: 512, code: 'from-too-many' }),
    to: listOf({ is: 'object', fields: { operation: OPERATION } }),
    when: listOf(CONDITION),
  },
}

/** `istio.security.v1.AuthorizationPolicy`. */
export const AUTHORIZATION_POLICY: ObjectNode = {
  is: 'object',
  fields: {
    ...SCOPE_FIELDS,
    action: { is: 'enum', values: ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] },
    provider: { is: 'object', fields: { name: TEXT } },
    rules: listOf(RULE, { count: 512, code: 'rules-too-many' }),
  },
  check: checkScope,
}

function checkServiceAccounts(source: Readonly<Record<string, unknown>>): readonly Objection[] {
  const has = (name: string) => Object.hasOwn(source, name)
  if (!has('serviceAccounts') && !has('notServiceAccounts')) return []
  return NOT_BESIDE_SERVICE_ACCOUNTS.some(has) ? [{ code: 'serviceaccounts-mixed' }] : []
}
