import type { JsonObject } from '../../policy/attributes.ts'

/** Claims that istiod always has split, beside a rule's `spaceDelimitedClaims`. */
const ALWAYS_SPLIT = ['permission', 'scope'] as const

/** The names of claims to split for a rule. */
export function claimsToSplit(spaceDelimitedClaims: readonly string[] | undefined): readonly string[] {
  return [...new Set([...ALWAYS_SPLIT, ...(spaceDelimitedClaims ?? [])])]
}

/** The claims as conditions see them: each of `names` that is a string becomes the list of its words. */
export function splitClaims(claims: JsonObject, names: readonly string[]): JsonObject {
  let split: Record<string, JsonObject[string]> | null = null
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (typeof value !== 'string') continue
    const words = value.split(' ').filter((word) => word !== '')
    if (words.length === 0) continue // as Envoy: a text without a word stays as it is
    split ??= { ...claims }
    split[name] = words
  }
  return split ?? claims
}
