import type { JsonObject } from './facts.ts'
import { matchesPattern } from './patterns.ts'

const CLAIM_NAMES = /\[(.*)\]$/s

/** The claim names of `request.auth.claims[a][b]`: between the brackets, split where one closes and one opens. */
export function claimPath(key: string): readonly string[] {
  return (CLAIM_NAMES.exec(key)?.[1] ?? '').split('][')
}

/** Whether a claim, a string or a list of strings, matches a pattern. */
export function matchesClaim(value: string, claims: JsonObject, path: readonly string[]): boolean {
  const claim = path.reduce<unknown>(
    (outer, name) => (isObject(outer) && Object.hasOwn(outer, name) ? outer[name] : undefined),
    claims,
  )
  const texts = Array.isArray(claim) ? claim : [claim]
  return texts.some((text) => typeof text === 'string' && matchesPattern(value, text))
}

/** `requestPrincipals`: issuer and subject of the verified token, split at the last `/` of the value. */
export function matchesRequestPrincipal(value: string, claims: JsonObject): boolean {
  const issuer = typeof claims.iss === 'string' ? claims.iss : ''
  const subject = typeof claims.sub === 'string' ? claims.sub : ''
  if (issuer === '' || subject === '') return false
  if (value === '*') return true
  const slash = value.lastIndexOf('/')
  if (slash < 0) {
    if (value.startsWith('*')) return matchesPattern(value, subject)
    return value.endsWith('*') && matchesPattern(value, issuer)
  }
  const wantedIssuer = value.slice(0, slash)
  const wantedSubject = value.slice(slash + 1)
  if (value.startsWith('*')) return matchesPattern(wantedIssuer, issuer) && subject === wantedSubject
  if (issuer !== wantedIssuer) return false
  return wantedSubject.endsWith('*') ? matchesPattern(wantedSubject, subject) : subject === wantedSubject
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
