import type { JwtFailure } from './jwt-failure.ts'
import type { Jwt } from './parse-jwt.ts'

/** What a rule demands of a token, beside its signature. */
export interface ClaimDemands {
  /** Empty: any. */
  readonly issuer: string
  /** Bare (`toBareAudience`); empty: any. */
  readonly audiences: ReadonlySet<string>
}

/** Envoy's default for `clock_skew_seconds`, which istiod does not set. */
const SKEW_SECONDS = 60

/** Checks issuer, time and audience, in Envoy's order; null: nothing is wrong with them. */
export function checkClaims(demands: ClaimDemands, jwt: Jwt, nowSeconds: number): JwtFailure | null {
  const { issuer, audiences } = demands
  if (issuer !== '' && issuer !== jwt.issuer) return 'issuer_unknown'
  if (jwt.notBefore > nowSeconds + SKEW_SECONDS) return 'not_yet_valid'
  if (jwt.expiresAt !== 0 && nowSeconds > jwt.expiresAt + SKEW_SECONDS) return 'expired'
  if (audiences.size === 0) return null
  return jwt.audiences.some((audience) => audiences.has(toBareAudience(audience))) ? null : 'audience_not_allowed'
}

/** An audience without `http://` or `https://` and without one trailing slash, as Envoy compares them. */
export function toBareAudience(audience: string): string {
  const scheme = ['http://', 'https://'].find((prefix) => audience.startsWith(prefix)) ?? ''
  return audience.slice(scheme.length, audience.endsWith('/') ? -1 : undefined)
}
