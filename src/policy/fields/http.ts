import { asciiLower } from '../../kernel/ascii-lower.ts'
import { isPathTemplate } from '../../mesh/webhook/path-template.ts'
import type { Attributes } from '../attributes.ts'
import type { Effect } from '../field-test.ts'
import { fitsTemplate, toPathTemplate } from '../path-template.ts'
import { fitsAny, type Pattern, toPattern } from '../pattern.ts'
import { type CompiledValues, literalKeys } from './values.ts'

/** `hosts`: over the authority as sent, its port included, without regard to case; `*` only wants it present. */
export function compileHosts(values: readonly string[]): CompiledValues {
  const lower = values.map((value) => asciiLower(value))
  const patterns = lower.map(toPattern)
  const any = patterns.some(({ form }) => form === 'any')
  return {
    keys: literalKeys(lower),
    matches: (attributes) => attributes.http !== null && (any || fitsAny(patterns, attributes.lowerHost)),
  }
}

export function compileMethods(values: readonly string[]): CompiledValues {
  const patterns = values.map(toPattern)
  return { keys: literalKeys(values), matches: ({ http }) => http !== null && fitsAny(patterns, http.method) }
}

/** `paths`: over the normalised path without its query. */
export function compilePaths(values: readonly string[]): CompiledValues {
  const templates = values.filter(isPathTemplate).map(toPathTemplate)
  const patterns = values.filter((value) => !isPathTemplate(value)).map(toPattern)
  const indexable = templates.length === 0 && patterns.every(({ form }) => form === 'exact' || form === 'prefix')
  return {
    keys: indexable ? patterns.flatMap(toPathKey) : null,
    matches({ http }) {
      if (http === null) return false
      if (fitsAny(patterns, http.path)) return true
      for (const template of templates) if (fitsTemplate(template, http.path)) return true
      return false
    },
  }
}

function toPathKey(pattern: Pattern) {
  return pattern.form === 'any' ? [] : [{ text: pattern.text, prefix: pattern.form === 'prefix' }]
}

/**
 * `request.headers[name]`: each value of a repeated header on its own; `*` wants it present, even empty. Where the proxy
 * joined repeats, a refusing rule also looks at the parts, a granting one only at the whole: both fail closed.
 */
export function compileHeader(name: string, values: readonly string[], readParts: boolean): CompiledValues {
  const lower = name.toLowerCase()
  const patterns = values.map(toPattern)
  const any = patterns.some(({ form }) => form === 'any')
  return {
    keys: any ? null : literalKeys(values),
    matches(attributes) {
      const seen = attributes.headerValues(lower)
      if (seen.length > 0 && any) return true
      for (const value of seen) {
        if (fitsAny(patterns, value.trim())) return true
        if (readParts && isJoined(attributes) && partsFit(patterns, value)) return true
      }
      return false
    },
  }
}

/** Positive fields of refusing rules and negative ones of granting rules match rather too much than too little. */
export function readsParts(effect: Effect, negative: boolean): boolean {
  return (effect === 'refuse') !== negative
}

function isJoined({ http }: Attributes): boolean {
  return http?.headers.joined === true
}

function partsFit(patterns: readonly Pattern[], value: string): boolean {
  return value.includes(',') && value.split(',').some((part) => fitsAny(patterns, part.trim()))
}
