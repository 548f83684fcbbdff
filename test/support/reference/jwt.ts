import type { JwtRule, RequestAuthentication } from '../../../src/mesh/resource.ts'
import type { Http } from './facts.ts'
import { locateTokens } from './jwt-locations.ts'
import { normaliseClaims, withOutputHeaders, withoutOutputHeaders } from './jwt-output.ts'
import { type Refusal, verifyToken } from './jwt-token.ts'
import type { Row } from './row.ts'
import { applies } from './scope.ts'

/** The request after RequestAuthentication, or the status that refuses it. */
export type Authenticated = { readonly http: Http } | { readonly status: 401 | 403 }

type Verified = 'ok' | 'missing' | Refusal

/** Verifies the tokens of a request by every RequestAuthentication that is for the workload. */
export function authenticate(row: Row, request: Http, now: number): Authenticated {
  const rules = rulesFor(row)
  if (isPreflight(request)) return { http: request }
  const first = rules[0]
  const start = rules.reduce(withoutOutputHeaders, request)
  if (first === undefined) return { http: start }
  if (rules.length > 1) return sweepTwice(rules, start, now)
  const { result, http } = verifyRule(first, start, now)
  return result === 'ok' || result === 'missing' ? { http } : { status: statusOf([result]) }
}

/** Of the root namespace first, then of the workload's, each from the oldest on; then stably sorted by issuer. */
function rulesFor(row: Row): readonly JwtRule[] {
  const policies = row.policies.filter((policy) => policy.kind === 'RequestAuthentication')
  const attached = policies.filter((policy) => applies(policy, row))
  const isLocal = ({ metadata }: RequestAuthentication) => Number(metadata.namespace !== row.mesh.rootNamespace)
  const ordered = attached.toSorted((a, b) => isLocal(a) - isLocal(b) || compare(ageAndName(a), ageAndName(b)))
  const rules = ordered.flatMap((policy) => policy.spec?.jwtRules ?? [])
  return rules.toSorted((a, b) => compare(a.issuer ?? '', b.issuer ?? ''))
}

function ageAndName({ metadata }: RequestAuthentication): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A CORS preflight, which has no credentials by design. */
function isPreflight({ method, headers }: Http): boolean {
  const has = (wanted: string) => headers.some(([name, value]) => name === wanted && value !== '')
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method')
}

/** First any rule whose tokens verify suffices; if there is none, each rule must verify or find nothing. */
function sweepTwice(rules: readonly JwtRule[], start: Http, now: number): Authenticated {
  let http = start
  const refusals: Verified[] = []
  for (const rule of rules) {
    const verified = verifyRule(rule, http, now)
    http = verified.http
    if (verified.result === 'ok') return { http }
    refusals.push(verified.result)
  }
  for (const rule of rules) {
    const verified = verifyRule(rule, http, now)
    http = verified.http
    if (verified.result === 'ok' || verified.result === 'missing') continue
    return { status: statusOf([...refusals, verified.result]) }
  }
  return { http }
}

/** The last telling refusal decides; an audience is the only one that is not 401. */
function statusOf(results: readonly Verified[]): 401 | 403 {
  const telling = results.filter((result) => result !== 'missing' && result !== 'unknown-issuer')
  return telling.at(-1) === 'audience' ? 403 : 401
}

/** All tokens that a rule finds must verify; each one that does changes the request at once. */
function verifyRule(rule: JwtRule, start: Http, now: number): { readonly result: Verified; readonly http: Http } {
  let http = withoutOutputHeaders(start, rule)
  const located = locateTokens(http, rule)
  for (const { token, strip } of located) {
    const verdict = verifyToken(token, rule, now)
    if (!verdict.ok) return { result: verdict.refusal, http }
    const stripped = rule.forwardOriginalToken ? http : strip(http)
    const extended = withOutputHeaders(stripped, rule, token, verdict.claims)
    http = { ...extended, claims: normaliseClaims(verdict.claims, rule) }
  }
  return { result: located.length === 0 ? 'missing' : 'ok', http }
}
