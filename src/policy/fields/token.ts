import type { Json } from '../attributes.ts'
import { fits, fitsAny, type Pattern, toPattern } from '../pattern.ts'
import { type CompiledValues, literalKeys } from './values.ts'

interface RequestPrincipal {
  readonly issuer: Pattern
  /** Null: an empty subject is named, which no token has. */
  readonly subject: Pattern | null
}

/** `requestPrincipals`, `request.auth.principal`: `issuer/subject`, split at the last slash. */
export function compileRequestPrincipals(values: readonly string[]): CompiledValues {
  const wanted = values.map(toRequestPrincipal)
  return {
    keys: literalKeys(values),
    matches(attributes) {
      const issuer = attributes.claim(ISSUER)
      const subject = attributes.claim(SUBJECT)
      if (!isFilled(issuer) || !isFilled(subject)) return false
      return wanted.some((one) => one.subject !== null && fits(one.issuer, issuer) && fits(one.subject, subject))
    },
  }
}

const ISSUER = ['iss']
const SUBJECT = ['sub']

function isFilled(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== ''
}

function toRequestPrincipal(value: string): RequestPrincipal {
  const slash = value.lastIndexOf('/')
  if (slash < 0) return withoutSlash(value)
  const issuer = value.slice(0, slash)
  const subject = value.slice(slash + 1)
  // a wildcard at the front belongs to the issuer, and the subject is literal then
  if (value.startsWith('*')) return { issuer: toPattern(issuer), subject: exactly(subject) }
  return {
    issuer: { form: 'exact', text: issuer },
    subject: value.endsWith('*') ? toPattern(subject) : exactly(subject),
  }
}

function withoutSlash(value: string): RequestPrincipal {
  if (value.startsWith('*')) return { issuer: { form: 'any' }, subject: toPattern(value) }
  if (value.endsWith('*')) return { issuer: toPattern(value), subject: { form: 'any' } }
  return { issuer: { form: 'exact', text: value }, subject: null }
}

function exactly(text: string): Pattern | null {
  return text === '' ? null : { form: 'exact', text }
}

/** `request.auth.claims[a][b]`: a string, or the strings of a list; anything else never matches. */
export function compileClaim(path: readonly string[], values: readonly string[]): CompiledValues {
  const patterns = values.map(toPattern)
  return {
    keys: literalKeys(values),
    matches(attributes) {
      const claim = attributes.claim(path)
      if (typeof claim === 'string') return fitsAny(patterns, claim)
      if (!Array.isArray(claim)) return false
      for (const item of claim) if (typeof item === 'string' && fitsAny(patterns, item)) return true
      return false
    },
  }
}
