import type { Action, AuthorizationPolicy, Rule } from '../mesh/resource.ts'
import type { Attributes } from './attributes.ts'
import { compileField, compileUsable, isHttpOnly, toEffect, type WrittenField } from './compile-field.ts'
import { BadValue, type FieldContext, type FieldTest } from './field-test.ts'
import { toWrittenRule } from './written-fields.ts'

/** A rule of a policy: any of `from`, any of `to` (an empty list means any), all of `when`. */
export interface CompiledRule {
  /** `ns[N]-policy[P]-rule[I]`, as Envoy reports it. */
  readonly name: string
  readonly policy: AuthorizationPolicy
  readonly index: number
  readonly from: Entries
  readonly to: Entries
  readonly when: readonly FieldTest[]
  /** The rule once more, as it is evaluated: what must hold, and lists of which one entry must. */
  readonly required: readonly FieldTest[]
  readonly choices: readonly Entries[]
}

type Entries = readonly (readonly FieldTest[])[]

export type Protocol = 'http' | 'tcp'

/** What compiling depends on beside the rule. */
export interface RuleContext {
  readonly trustDomain: string
  readonly trustDomains: readonly string[]
  readonly protocol: Protocol
}

/** Compiles the rules of a policy for one protocol; rules that cannot be used there are left out. */
export function compileRules(policy: AuthorizationPolicy, context: RuleContext): CompiledRule[] {
  const { namespace, name } = policy.metadata
  const action = policy.spec.action ?? 'ALLOW'
  const compile = compilerFor(action, { ...context, namespace, effect: toEffect(action) })
  return (policy.spec.rules ?? []).flatMap((rule, index) => {
    const compiled = compileRule(rule, compile)
    if (compiled === null) return []
    return [{ ...compiled, name: `ns[${namespace}]-policy[${name}]-rule[${index}]`, policy, index }]
  })
}

function compileRule(rule: Rule, compile: CompileFields): Omit<CompiledRule, 'name' | 'policy' | 'index'> | null {
  const written = toWrittenRule(rule)
  if (written.when === null) return null
  const from = compileAll(written.from, compile)
  const to = compileAll(written.to, compile)
  const when = compile(written.when)
  if (from === null || to === null || when === null) return null
  return { from, to, when, ...flatten({ from, to, when }) }
}

const NO_CHOICES: CompiledRule['choices'] = []

/** A single entry is no choice: its fields must hold. */
function flatten({ from, to, when }: Pick<CompiledRule, 'from' | 'to' | 'when'>) {
  const single = [from, to].filter((entries) => entries.length === 1).flat(2)
  const choices = [from, to].filter((entries) => entries.length > 1)
  return { required: [...single, ...when], choices: choices.length === 0 ? NO_CHOICES : choices }
}

type CompileFields = (fields: readonly WrittenField[]) => readonly FieldTest[] | null

/**
 * An ALLOW rule with a field that means nothing here is dropped whole; of a refusing rule only that field (on TCP) or
 * value is dropped, so it refuses rather more: both fail closed, as Istio generates them.
 */
function compilerFor(action: Action, context: FieldContext & RuleContext): CompileFields {
  const unusable = ({ attribute }: WrittenField) => context.protocol === 'tcp' && isHttpOnly(attribute)
  if (action === 'ALLOW') return (fields) => (fields.some(unusable) ? null : compileStrictly(fields, context))
  return (fields) => fields.filter((field) => !unusable(field)).flatMap((field) => compileUsable(field, context) ?? [])
}

function compileStrictly(fields: readonly WrittenField[], context: FieldContext): readonly FieldTest[] | null {
  try {
    return fields.map((field) => compileField(field, context))
  } catch (error) {
    if (error instanceof BadValue) return null
    throw error
  }
}

function compileAll(entries: readonly (readonly WrittenField[])[], compile: CompileFields): Entries | null {
  const compiled: (readonly FieldTest[])[] = []
  for (const entry of entries) {
    const fields = compile(entry)
    if (fields === null) return null
    compiled.push(fields)
  }
  return compiled
}

/** Whether the rule matches. */
export function matchesRule({ required, choices }: CompiledRule, attributes: Attributes): boolean {
  if (!allHold(required, attributes)) return false
  for (const entries of choices) if (!anyHolds(entries, attributes)) return false
  return true
}

function anyHolds(entries: Entries, attributes: Attributes): boolean {
  for (const entry of entries) if (allHold(entry, attributes)) return true
  return false
}

function allHold(fields: readonly FieldTest[], attributes: Attributes): boolean {
  for (const field of fields) if (!field.holds(attributes)) return false
  return true
}
