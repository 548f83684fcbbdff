import type { Attributes } from '../attributes.ts'
import { authorize } from '../authorize.ts'
import type { Authorization } from '../compile-authorization.ts'
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
}

const MAX_CHANGES = 4
const MAX_TRIED = 2_000

/** Tries one change, then two, and so on; null when up to four are not enough or the search got too long. */
export function nearestMiss(authorization: Authorization, attributes: Attributes): NearestMiss | null {
  let layer: readonly Candidate[] = [{ attributes, changes: [] }]
  let tried = 0
  for (let depth = 0; depth < MAX_CHANGES; depth++) {
    const next: Candidate[] = []
    for (const candidate of layer) {
      for (const changed of stepsFrom(authorization, candidate)) {
        const verdict = authorize(authorization, changed.attributes)
        if (verdict.allowed) {
          return { changes: changed.changes, ...(verdict.rule === null ? {} : { allowedBy: verdict.rule.name }) }
        }
        next.push(changed)
        if (++tried >= MAX_TRIED) return null
      }
    }
    layer = next
  }
  return null
}

/** Every single change that makes progress: away from the DENY rule that matches, or towards an ALLOW rule. */
function stepsFrom(authorization: Authorization, candidate: Candidate): readonly Candidate[] {
  const verdict = authorize(authorization, candidate.attributes)
  const fields =
    verdict.rule === null
      ? wantedFields(authorization.allow?.rules ?? [], candidate.attributes)
      : fieldsOf(verdict.rule).filter((field) => field.holds(candidate.attributes))
  const hold = verdict.rule === null
  const wishes = (authorization.allow?.rules ?? []).flatMap(fieldsOf)
  return fields.flatMap((field) => toCandidates(candidate, field, { hold, wishes }))
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
  /** Whether the field shall hold, or shall not any more. */
  readonly hold: boolean
  /** Fields of ALLOW rules: what leaves a DENY rule had best be something that they want. */
  readonly wishes: readonly FieldTest[]
}

function toCandidates(candidate: Candidate, field: FieldTest, { hold, wishes }: Aim): Candidate[] {
  const { attribute, values, negative } = field
  // to match one of the values, or to match none: then be without it, or be something else
  const wished = wishes.filter((wish) => !wish.negative && nameOf(wish.attribute) === nameOf(attribute))
  const others = [...wished.flatMap((wish) => wish.values).map((value) => sampleFor(attribute, value)), null]
  const tries =
    hold !== negative ? values.map((value) => sampleFor(attribute, value)) : [...others, otherThan(attribute)]
  return tries.flatMap((value) => {
    const name = nameOf(attribute)
    if (candidate.changes.some((change) => change.attribute === name)) return []
    const changed = withAttribute(candidate.attributes, attribute, value)
    if (changed === null || field.holds(changed) !== hold) return []
    const change: Change = { attribute: name, seen: seenOf(candidate.attributes, attribute), to: value }
    return [{ attributes: changed, changes: [...candidate.changes, change] }]
  })
}
