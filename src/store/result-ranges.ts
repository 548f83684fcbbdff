import type { IntentId } from '../ca/record.ts'

/** Consecutive intents with one outcome. */
export interface ResultRange {
  readonly first: IntentId
  readonly last: IntentId
  readonly outcome: 'issued' | 'failed'
}

/** Numbers of the outcomes in the table `results`. */
const OUTCOME_NUMBER = { issued: 1, failed: 2 } as const

/** The fewest ranges that hold exactly these ids. */
export function toRanges(ids: readonly IntentId[], outcome: ResultRange['outcome']): ResultRange[] {
  const ranges: ResultRange[] = []
  let first: IntentId | null = null
  let last = 0
  for (const id of Float64Array.from(ids).sort()) {
    if (first !== null && id <= last + 1) {
      last = id
      continue
    }
    if (first !== null) ranges.push({ first, last, outcome })
    first = id
    last = id
  }
  if (first !== null) ranges.push({ first, last, outcome })
  return ranges
}

/** Ranges as the triples of a message. */
export function toTriples(ranges: readonly ResultRange[]): Float64Array {
  return Float64Array.from(ranges.flatMap(({ first, last, outcome }) => [first, last, OUTCOME_NUMBER[outcome]]))
}
