import { compareTexts } from '../kernel/compare-texts.ts'
import type { Attributes } from './attributes.ts'
import { type CompiledRule, matchesRule } from './compile-rule.ts'
import { buildRuleIndex, type Postings } from './rule-index.ts'

/** The rules of one action, by name: the first that matches is the one that Envoy reports. */
export class RuleSet {
  readonly rules: readonly CompiledRule[]
  readonly #postings: readonly Postings[]
  readonly #scanned: readonly number[]

  constructor(rules: readonly CompiledRule[]) {
    this.rules = [...rules].sort((a, b) => compareTexts(a.name, b.name))
    const { postings, scanned } = buildRuleIndex(this.rules)
    this.#postings = postings
    this.#scanned = scanned
  }

  /** The matching rule of the byte-wise lowest name, or null. */
  firstMatch(attributes: Attributes): CompiledRule | null {
    let best = this.#lowest(this.#scanned, this.rules.length, attributes)
    for (const { dimension, exact, prefixes } of this.#postings) {
      for (const key of dimension.keysOf(attributes)) {
        best = this.#lowest(exact?.get(key), best, attributes)
        let node = prefixes?.root ?? null
        for (; node !== null; node = node.below(key)) best = this.#lowest(node.values, best, attributes)
      }
    }
    return this.rules[best] ?? null
  }

  /** The first of the ascending positions that is below `bound` and whose rule matches; `bound` when there is none. */
  #lowest(positions: readonly number[] | null | undefined, bound: number, attributes: Attributes): number {
    if (positions === null || positions === undefined) return bound
    for (const position of positions) {
      if (position >= bound) return bound
      const rule = this.rules[position]
      if (rule !== undefined && matchesRule(rule, attributes)) return position
    }
    return bound
  }
}
