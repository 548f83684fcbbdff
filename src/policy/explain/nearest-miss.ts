import type { Attributes } from '../attributes.ts'
import { type AuthorizationVerdict, authorize } from '../authorize.ts'
import { type Authorization, rulesOf } from '../compile-authorization.ts'
import type { CompiledRule } from '../compile-rule.ts'
import type { FieldTest } from '../field-test.ts'
import { withAttribute } from './change-attributes.ts'
import { otherThan, sampleFor } from './sample-value.ts'
import { nameOf, seenOf } from './seen.ts'

/** One thing to change in the request. */
export interface Change {
  /** As a condition names it: `source.principal`, `request.headers[x-env]`, `path`. */
  readonly attribute: string
  readonly seen: readonly string[]
  /** A value that would do; null: leave it out. */
  readonly to: string | null
}

/** The smallest change that was found to turn a refusal into an allow; it was tried, not guessed. */
export interface NearestMiss {
  readonly changes: readonly Change[]
  /** The ALLOW rule that would let it pass; absent when no ALLOW policy is attached. */
  readonly allowedBy?: string
}

interface Candidate {
  readonly attributes: Attributes
  readonly changes: readonly Change[]
  readonly verdict: AuthorizationVerdict
}

const MAX_CHANGES = 4
/** Values of policies that one search may compare, so that it ends in some hundredths of a second. */
const MAX_COMPARED = 250_000
/** What a try counts for at least. */
const LEAST_COST = 125

/** One search: what its steps look at, and how much it may still compare. */
interface Search {
  readonly authorization: Authorization
  /** Values that ALLOW rules name, by the name of the attribute: what leaves a DENY rule had best be one of them. */
  readonly wishes: ReadonlyMap<string, readonly string[]>
  /** Values of all rules. */
  readonly cost: number
  left: number
}

/** Tries one change, then two, and so on; null when up to four are not enough or the search got too long. */
export function nearestMiss(authorization: Authorization, attributes: Attributes): NearestMiss | null {
  const search = openSearch(authorization)
  let layer: readonly Candidate[] = [{ attributes, changes: [], verdict: authorize(authorization, attributes) }]
  for (let depth = 0; depth < MAX_CHANGES; depth++) {
    const next: Candidate[] = []
    for (const candidate of layer) {
      for (const found of stepsFrom(candidate, search)) {
        const { changes, verdict } = found
        if (verdict.allowed) return { changes, ...(verdict.rule === null ? {} : { allowedBy: verdict.rule.name }) }
        next.push(found)
      }
      if (search.left <= 0) return null
    }
    layer = next
  }
  return null
}

function openSearch(authorization: Authorization): Search {
  const fields = rulesOf(authorization).flatMap(fieldsOf)
  const cost = fields.reduce((sum, { values }) => sum + values.length, LEAST_COST)
  const wishes = new Map<string, string[]>()
  for (const { attribute, values, negative } of (authorization.allow?.rules ?? []).flatMap(fieldsOf)) {
    if (negative) continue
    const wished = wishes.get(nameOf(attribute)) ?? []
    wishes.set(nameOf(attribute), wished)
    for (const value of values) wished.push(value)
  }
  return { authorization, wishes, cost, left: MAX_COMPARED }
}

/** Every single change that makes progress: away from the DENY rule that matches, or towards an ALLOW rule. */
function* stepsFrom(candidate: Candidate, search: Search): Generator<Candidate> {
  search.left -= search.cost
  const { attributes, verdict } = candidate
  if (verdict.rule === null) {
    for (const field of wantedFields(search.authorization.allow?.rules ?? [], attributes)) {
      yield* changesOf(candidate, { field, hold: true }, search)
    }
    return
  }
  for (const field of fieldsOf(verdict.rule)) {
    if (field.holds(attributes)) yield* changesOf(candidate, { field, hold: false }, search)
  }
}

function fieldsOf({ from, to, when }: CompiledRule): readonly FieldTest[] {
  return [...from.flat(), ...to.flat(), ...when]
}

/** Fields that do not hold, those of rules with the fewest of them first. */
function wantedFields(rules: readonly CompiledRule[], attributes: Attributes): readonly FieldTest[] {
  const missing = rules.map((rule) => fieldsOf(rule).filter((field) => !field.holds(attributes)))
  return missing.toSorted((a, b) => a.length - b.length).flat()
}

interface Aim {
  readonly field: FieldTest
  /** Whether the field shall hold, or shall not any more. */
  readonly hold: boolean
}

/** The changes of the field's attribute that reach the aim, each with its verdict, while there is something left. */
function* changesOf(candidate: Candidate, aim: Aim, search: Search): Generator<Candidate> {
  const { field, hold } = aim
  const { attribute, values } = field
  const name = nameOf(attribute)
  if (candidate.changes.some((change) => change.attribute === name)) return
  for (const value of valuesFor(aim, search.wishes.get(name) ?? [])) {
    if (search.left <= 0) return
    search.left -= values.length
    const attributes = withAttribute(candidate.attributes, attribute, value)
    if (attributes === null || field.holds(attributes) !== hold) continue
    search.left -= search.cost
    const change: Change = { attribute: name, seen: seenOf(candidate.attributes, attribute), to: value }
    const verdict = authorize(search.authorization, attributes)
    yield { attributes, changes: [...candidate.changes, change], verdict }
  }
}

/** To match one of its values, or to match none: then be what an ALLOW rule wishes, be without it, or be something else. */
function* valuesFor({ field, hold }: Aim, wished: readonly string[]): Generator<string | null> {
  const { attribute, values, negative } = field
  const isToMatch = hold !== negative
  for (const value of isToMatch ? values : wished) yield sampleFor(attribute, value)
  if (isToMatch) return
  yield null
  yield otherThan(attribute)
}
