import type { CompiledRule } from './compile-rule.ts'
import type { FieldTest, IndexKey } from './field-test.ts'
import { type Dimension, toDimension } from './index-dimension.ts'
import { PrefixTree } from './prefix-tree.ts'

/** Below this many rules a scan is faster than the index. */
const SCAN_AT_MOST = 2
/** Rules under one key whose number does not matter: fewer dimensions to look at are worth more. */
const SMALL_CROWD = 4

/** Positions of rules by what a request has in one dimension. */
export interface Postings {
  readonly dimension: Dimension
  readonly exact: ReadonlyMap<string, readonly number[]> | null
  readonly prefixes: PrefixTree | null
}

/** How to find the rules that may match a request: by its keys, and those that have none by looking at each. */
export interface RuleIndex {
  readonly postings: readonly Postings[]
  readonly scanned: readonly number[]
}

/** One way to find a rule: every request that it matches has one of these keys. */
interface Handle {
  readonly dimension: Dimension
  readonly keys: readonly IndexKey[]
}

/** Finds each rule by the attribute that tells it best from the others; what has no literals is scanned. */
export function buildRuleIndex(rules: readonly CompiledRule[]): RuleIndex {
  if (rules.length <= SCAN_AT_MOST) return { postings: [], scanned: [...rules.keys()] }
  const handles = rules.map(handlesOf)
  const crowds = countCrowds(handles.flat())
  const postings = new Map<string, GrowingPostings>()
  const scanned: number[] = []
  for (const [position, candidates] of handles.entries()) {
    const best = leastCrowded(candidates, crowds)
    if (best === null) scanned.push(position)
    else addTo(postings, best, position)
  }
  return { postings: [...postings.values()], scanned }
}

function handlesOf({ from, to, when }: CompiledRule): Handle[] {
  return [...handlesOfEntries(from), ...handlesOfEntries(to), ...when.flatMap((field) => toHandle([field]))]
}

/** Every entry must have a field of the dimension: a request may match by any of them. */
function handlesOfEntries(entries: readonly (readonly FieldTest[])[]): Handle[] {
  const [first = [], ...others] = entries
  return first.flatMap((field) => {
    const same = others.map((entry) => entry.find((other) => isSameDimension(other, field)))
    const found = same.filter((other) => other !== undefined)
    return found.length === others.length ? toHandle([field, ...found]) : []
  })
}

function isSameDimension(a: FieldTest, b: FieldTest): boolean {
  return a.keys !== null && toDimension(a.attribute)?.id === toDimension(b.attribute)?.id
}

function toHandle(fields: readonly FieldTest[]): Handle[] {
  const [first] = fields
  if (first === undefined || fields.some(({ keys }) => keys === null)) return []
  const dimension = toDimension(first.attribute)
  return dimension === null ? [] : [{ dimension, keys: fields.flatMap(({ keys }) => keys ?? []) }]
}

/** How many rules share a key, and how many a dimension. */
interface Crowds {
  readonly keys: ReadonlyMap<string, number>
  readonly dimensions: ReadonlyMap<string, number>
}

function countCrowds(handles: readonly Handle[]): Crowds {
  return {
    keys: countEach(handles.flatMap(keyIdsOf)),
    dimensions: countEach(handles.map(({ dimension }) => dimension.id)),
  }
}

function countEach(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

function keyIdsOf({ dimension, keys }: Handle): string[] {
  return keys.map(({ text }) => `${dimension.id} ${text}`)
}

/** The handle whose fullest key has the fewest rules; among those that are small enough, of the dimension used most. */
function leastCrowded(handles: readonly Handle[], { keys, dimensions }: Crowds): Handle | null {
  let best: Handle | null = null
  let bestCrowd = Number.POSITIVE_INFINITY
  let bestUse = 0
  for (const handle of handles) {
    const crowd = keyIdsOf(handle).reduce((most, id) => Math.max(most, keys.get(id) ?? 0), SMALL_CROWD)
    const use = dimensions.get(handle.dimension.id) ?? 0
    if (crowd > bestCrowd || (crowd === bestCrowd && use <= bestUse)) continue
    best = handle
    bestCrowd = crowd
    bestUse = use
  }
  return best
}

interface GrowingPostings extends Postings {
  exact: Map<string, number[]> | null
  prefixes: PrefixTree | null
}

function addTo(postings: Map<string, GrowingPostings>, { dimension, keys }: Handle, position: number): void {
  const entry = postings.get(dimension.id) ?? { dimension, exact: null, prefixes: null }
  postings.set(dimension.id, entry)
  for (const text of textsOf(keys, 'exact')) {
    entry.exact ??= new Map()
    const positions = entry.exact.get(text)
    if (positions === undefined) entry.exact.set(text, [position])
    else positions.push(position)
  }
  for (const text of textsOf(keys, 'prefix')) {
    entry.prefixes ??= new PrefixTree()
    entry.prefixes.add(text, position)
  }
}

/** Each once. */
function textsOf(keys: readonly IndexKey[], form: 'exact' | 'prefix'): ReadonlySet<string> {
  return new Set(keys.filter(({ prefix }) => prefix === (form === 'prefix')).map(({ text }) => text))
}
