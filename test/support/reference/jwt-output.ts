import type { JwtRule } from '../../../src/mesh/resource.ts'
import { isObject } from './claims.ts'
import type { Http, JsonObject } from './facts.ts'
import { withHeader, withoutHeader } from './headers.ts'

/** The request without what a client put into headers that are for a rule's claims. */
export function withoutOutputHeaders(http: Http, rule: JwtRule): Http {
  const names = (rule.outputClaimToHeaders ?? []).map(({ header }) => header)
  if (rule.outputPayloadToHeader) names.push(rule.outputPayloadToHeader)
  return { ...http, headers: names.reduce(withoutHeader, http.headers) }
}

/** The request with the headers that a rule makes of a verified token. */
export function withOutputHeaders(http: Http, rule: JwtRule, token: string, claims: JsonObject): Http {
  let { headers } = http
  for (const { header, claim } of rule.outputClaimToHeaders ?? []) {
    const value = toHeaderValue(descend(claims, claim.split('.')))
    if (value !== '') headers = withHeader(headers, [header, value])
  }
  if (rule.outputPayloadToHeader) {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('base64url')
    headers = withHeader(headers, [rule.outputPayloadToHeader, payload])
  }
  return { ...http, headers }
}

/** The claims as conditions see them: blank-separated ones are lists. */
export function normaliseClaims(claims: JsonObject, rule: JwtRule): JsonObject {
  const separated = ['scope', 'permission', ...(rule.spaceDelimitedClaims ?? [])]
  const split = (name: string, value: unknown) =>
    separated.includes(name) && typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : value
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, split(name, value)]))
}

function descend(claims: JsonObject, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (outer, name) => (isObject(outer) && Object.hasOwn(outer, name) ? outer[name] : undefined),
    claims,
  )
}

function toHeaderValue(claim: unknown): string {
  if (typeof claim === 'string') return claim
  if (typeof claim === 'boolean') return String(claim)
  if (typeof claim === 'number') return Number.isInteger(claim) ? String(claim) : claim.toFixed(6)
  if (claim === undefined || claim === null) return ''
  return Buffer.from(JSON.stringify(claim)).toString('base64')
}
