import type { Action, AuthorizationPolicy, Condition, Operation, Rule, Source } from '../../../src/mesh/resource.ts'
import type { Facts } from './facts.ts'
import { type Context, conditionMatcher, isHttpOnly, type Matcher, OPERATION_FIELDS, SOURCE_FIELDS } from './fields.ts'
import type { Row } from './row.ts'

type Values = Readonly<Record<string, readonly string[] | undefined>>

/** Names of the rules of these policies that match, `ns[N]-policy[P]-rule[I]`, byte-wise lowest first. */
export function matchingRules(policies: readonly AuthorizationPolicy[], row: Row, facts: Facts): readonly string[] {
  const names: string[] = []
  for (const policy of policies) {
    const { namespace, name } = policy.metadata
    const context = { facts, mesh: row.mesh, policyNamespace: namespace }
    for (const [index, rule] of (policy.spec?.rules ?? []).entries()) {
      if (ruleMatches(rule, actionOf(policy), context)) names.push(`ns[${namespace}]-policy[${name}]-rule[${index}]`)
    }
  }
  return byteOrdered(names)
}

/** Names in the order of their bytes, in which Envoy keeps rules: `rule[10]` comes before `rule[2]`. */
export function byteOrdered(names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** ALLOW unless the policy says something else. */
export function actionOf(policy: AuthorizationPolicy): Action {
  return policy.spec?.action ?? 'ALLOW'
}

function ruleMatches(rule: Rule, action: Action, context: Context): boolean {
  const from = (rule.from ?? []).map(({ source = {} }) => source)
  const to = (rule.to ?? []).map(({ operation = {} }) => operation)
  const when = rule.when ?? []
  if (when.some(({ key }) => conditionMatcher(key) === undefined)) return false
  const isTcp = context.facts.http === null
  if (isTcp && action === 'ALLOW' && usesHttp(from, to, when)) return false
  return (
    (from.length === 0 || from.some((source) => fieldsMatch(source as Values, SOURCE_FIELDS, context))) &&
    (to.length === 0 || to.some((operation) => fieldsMatch(operation as Values, OPERATION_FIELDS, context))) &&
    when.every((condition) => conditionMatches(condition, context))
  )
}

function usesHttp(from: readonly Source[], to: readonly Operation[], when: readonly Condition[]): boolean {
  const fields = [...from, ...to].flatMap((entry) => Object.keys(entry)).map(positiveName)
  return [...fields, ...when.map(({ key }) => key)].some(isHttpOnly)
}

/** `notPaths` → `paths`. */
function positiveName(field: string): string {
  return field.startsWith('not') ? field.charAt(3).toLowerCase() + field.slice(4) : field
}

/** Every field that is given must hold; on TCP those that are for HTTP only are passed over. */
function fieldsMatch(entry: Values, matchers: Readonly<Record<string, Matcher>>, context: Context): boolean {
  return Object.entries(entry).every(([field, values = []]) => {
    const name = positiveName(field)
    const matcher = matchers[name]
    if (matcher === undefined) throw new TypeError(`unknown field \`${field}\``)
    if (values.length === 0 || (context.facts.http === null && isHttpOnly(name))) return true
    const any = values.some((value) => matcher(value, context))
    return field === name ? any : !any
  })
}

function conditionMatches({ key, values = [], notValues = [] }: Condition, context: Context): boolean {
  if (context.facts.http === null && isHttpOnly(key)) return true
  const matches = (value: string) => conditionMatcher(key)?.(value, context) ?? false
  return (values.length === 0 || values.some(matches)) && !notValues.some(matches)
}
