import type { AuthorizationPolicy } from '../../mesh/resource.ts'
import type { Attributes } from '../attributes.ts'
import { type Authorization, actionOf, isDryRun, rulesOf } from '../compile-authorization.ts'
import { type CompiledRule, matchesRule } from '../compile-rule.ts'
import type { FieldTest } from '../field-test.ts'
import { nameOf, seenOf } from './seen.ts'

/** The first field of a rule that did not hold. */
interface Mismatch {
  /** Where it stands in the rule: `from[0].source.principals`. */
  readonly field: string
  /** What it looks at, as a condition would name it: `source.principal`. */
  readonly attribute: string
  readonly wanted: readonly string[]
  /** A `not…` field wants none of them. */
  readonly negative: boolean
  /** Empty: the request has none. */
  readonly seen: readonly string[]
}

interface RuleTrace {
  readonly rule: number
  readonly name: string
  readonly matched: boolean
  /** Absent when it matched, and when the rule cannot match here at all. */
  readonly mismatch?: Mismatch
  /** Why there is no such rule for this protocol. */
  readonly note?: string
}

/** One policy and what its rules said. */
export interface PolicyTrace {
  readonly policy: string
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'
  readonly dryRun: boolean
  readonly matched: boolean
  readonly rules: readonly RuleTrace[]
  readonly note?: string
}

const ORDER = ['CUSTOM', 'AUDIT', 'DENY', 'ALLOW'] as const

/** Every attached AuthorizationPolicy in the order of evaluation, with what each of its rules said of the request. */
export function traceAuthorization(authorization: Authorization, attributes: Attributes): readonly PolicyTrace[] {
  const compiled = Map.groupBy(rulesOf(authorization), ({ policy }) => policy)
  const byOrder = authorization.policies.toSorted((a, b) => ORDER.indexOf(actionOf(a)) - ORDER.indexOf(actionOf(b)))
  return byOrder.map((policy) => tracePolicy(policy, compiled.get(policy) ?? [], attributes))
}

function tracePolicy(
  policy: AuthorizationPolicy,
  compiled: readonly CompiledRule[],
  attributes: Attributes,
): PolicyTrace {
  const written = policy.spec.rules ?? []
  const rules = written.map((_, index) => traceRule(index, compiled, attributes))
  const action = actionOf(policy)
  return {
    policy: `${policy.metadata.namespace}/${policy.metadata.name}`,
    action,
    dryRun: isDryRun(policy),
    matched: rules.some(({ matched }) => matched),
    rules,
    ...(written.length === 0 ? { note: action === 'ALLOW' ? 'no rules: it matches nothing' : 'no rules' } : {}),
  }
}

function traceRule(index: number, compiled: readonly CompiledRule[], attributes: Attributes): RuleTrace {
  const rule = compiled.find((one) => one.index === index)
  if (rule === undefined) {
    return { rule: index, name: '', matched: false, note: 'left out for TCP: it has fields that only HTTP has' }
  }
  const { name } = rule
  if (matchesRule(rule, attributes)) return { rule: index, name, matched: true }
  const failed = firstFailure(rule, attributes)
  return { rule: index, name, matched: false, ...(failed === null ? {} : { mismatch: toMismatch(failed, attributes) }) }
}

/** Of alternatives, the one that gets furthest tells. */
function firstFailure({ from, to, when }: CompiledRule, attributes: Attributes): FieldTest | null {
  return failureOf(from, attributes) ?? failureOf(to, attributes) ?? failureOf([when], attributes)
}

function failureOf(entries: readonly (readonly FieldTest[])[], attributes: Attributes): FieldTest | null {
  let furthest: { readonly field: FieldTest; readonly held: number } | null = null
  for (const entry of entries) {
    const held = entry.findIndex((field) => !field.holds(attributes))
    const field = entry[held]
    if (field === undefined) return null
    if (furthest === null || held > furthest.held) furthest = { field, held }
  }
  return furthest?.field ?? null
}

function toMismatch(field: FieldTest, attributes: Attributes): Mismatch {
  return {
    field: field.path,
    attribute: nameOf(field.attribute),
    wanted: field.values,
    negative: field.negative,
    seen: seenOf(attributes, field.attribute),
  }
}
