import { claimAt } from '../../policy/claim-at.ts'
import { checkClaims } from './check-claims.ts'
import { toHeaderValue } from './claim-header.ts'
import type { CompiledJwtRule, JwtPlan } from './compile-jwt-rules.ts'
import { EditedRequest, type JwtRequest } from './edited-request.ts'
import type { JwtFailure } from './jwt-failure.ts'
import { type JwtOutcome, toPassed, toRefused, type VerifiedToken } from './jwt-outcome.ts'
import { type FoundToken, findTokens } from './locations.ts'
import { type Jwt, parseJwt } from './parse-jwt.ts'

/** What the keys of a rule say about the signature of one token; null: it is good. */
export interface Verdict {
  readonly jwt: Jwt
  readonly failure: JwtFailure | null
}

/** What is known of a token; `failure` is undefined while the keys of the rule have not judged it. */
export interface Known {
  readonly jwt: Jwt
  readonly failure: JwtFailure | null | undefined
}

/** The verdicts at hand. */
export interface Verdicts {
  find(rule: CompiledJwtRule, token: string, nowSeconds: number): Known | undefined
}

/** A signature that has to be verified before the answer can be given. */
export interface JwtNeeds {
  readonly needs: { readonly rule: CompiledJwtRule; readonly token: string; readonly jwt: Jwt }
}

interface Sweep {
  readonly edited: EditedRequest
  readonly verdicts: Verdicts
  readonly nowSeconds: number
  last: VerifiedToken | null
}

type Attempt = 'verified' | 'missed' | JwtFailure | JwtNeeds

/**
 * Verifies the tokens of a request as Envoy's jwt_authn filter does under istiod's configuration,
 * `{P1 or … or Pn or ({P1 or missing} and … and {Pn or missing})}`. When a signature has not been looked at yet, it says
 * which; the caller has it verified and runs this again from the start.
 */
export function runJwt(
  plan: JwtPlan,
  request: JwtRequest,
  { verdicts, nowSeconds }: { readonly verdicts: Verdicts; readonly nowSeconds: number },
): JwtOutcome | JwtNeeds {
  const sweep: Sweep = { edited: new EditedRequest(request), verdicts, nowSeconds, last: null }
  if (isPreflight(request)) return toPassed(sweep.edited, sweep.last)
  let worst: 'missed' | JwtFailure = 'missed'
  for (const rule of plan.rules) {
    const attempt = tryRule(rule, sweep)
    if (typeof attempt === 'object') return attempt
    if (attempt === 'verified') {
      removeForged(plan, rule, sweep)
      return toPassed(sweep.edited, sweep.last)
    }
    worst = moreTelling(worst, attempt)
  }
  if (worst === 'missed') return toPassed(sweep.edited, sweep.last)
  // one rule: `missing` is all that forgives it. Several: a token that the first sweep has taken out troubles none now
  if (plan.rules.length === 1) return toRefused(worst, request)
  for (const rule of plan.rules) {
    const attempt = tryRule(rule, sweep)
    if (typeof attempt === 'object') return attempt
    if (attempt !== 'verified' && attempt !== 'missed') return toRefused(moreTelling(worst, attempt), request)
  }
  return toPassed(sweep.edited, sweep.last)
}

/** The CORS protocol sends no credentials with it (Fetch §3.3.2), so Envoy lets it pass unseen. */
function isPreflight({ method, headers }: JwtRequest): boolean {
  const has = (name: string) => headers.values(name).some((value) => value !== '')
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method')
}

/** A token for somebody else tells less than one that should have been good. */
function moreTelling<A extends 'missed' | JwtFailure, B extends 'missed' | JwtFailure>(before: A, after: B): A | B {
  const telling = after !== 'missed' && after !== 'issuer_unknown'
  return telling || before === 'missed' ? after : before
}

/** All tokens found for a rule have to be good; what a good one does is done at once, also if a later one is bad. */
function tryRule(rule: CompiledJwtRule, sweep: Sweep): Attempt {
  const { edited } = sweep
  for (const name of rule.outputHeaders) edited.removeHeader(name)
  const found = findTokens(rule.locations, edited.headers, edited.query)
  if (found === null) return 'missed'
  for (const one of found) {
    const judged = judge(rule, one.token, sweep)
    if (typeof judged === 'string' || 'needs' in judged) return judged
    accept(rule, one, judged, sweep)
  }
  return 'verified'
}

/** Also the rules that were not tried let no client set their headers; Envoy forgets those. */
function removeForged({ outputHeaders }: JwtPlan, winner: CompiledJwtRule, { edited }: Sweep): void {
  for (const name of outputHeaders) if (!winner.outputHeaders.includes(name)) edited.removeSent(name)
}

function judge(rule: CompiledJwtRule, token: string, { verdicts, nowSeconds }: Sweep): Jwt | JwtFailure | JwtNeeds {
  const known = verdicts.find(rule, token, nowSeconds)
  const jwt = known?.jwt ?? parseJwt(token)
  if (typeof jwt === 'string') return jwt
  const refused = checkClaims(rule, jwt, nowSeconds)
  if (refused !== null) return refused
  return known?.failure === undefined ? { needs: { rule, token, jwt } } : (known.failure ?? jwt)
}

function accept(rule: CompiledJwtRule, { at }: FoundToken, jwt: Jwt, sweep: Sweep): void {
  const { edited } = sweep
  if (rule.payloadHeader !== null) edited.addHeader(rule.payloadHeader, jwt.payload)
  for (const { header, path } of rule.claimHeaders) {
    const value = toHeaderValue(claimAt(jwt.claims, path))
    if (value !== null) edited.addHeader(header, value)
  }
  if (!rule.forward) edited.removeToken(at)
  sweep.last = { rule, jwt }
}
