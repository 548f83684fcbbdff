import type { JsonObject } from '../../policy/attributes.ts'
import type { Headers } from '../../policy/request.ts'
import type { Mutations } from '../decide.ts'
import type { CompiledJwtRule } from './compile-jwt-rules.ts'
import type { EditedRequest, JwtRequest } from './edited-request.ts'
import { JWT_FAILURES, type JwtFailure } from './jwt-failure.ts'
import type { Jwt } from './parse-jwt.ts'
import { splitClaims } from './split-claims.ts'

export interface JwtPassed {
  readonly ok: true
  /** Of the token verified last, as conditions see them; null when none was. */
  readonly claims: JsonObject | null
  /** Of that token; null when it has none. Both together are `request.auth.principal`. */
  readonly issuer: string | null
  readonly subject: string | null
  /** After tokens were taken out and claims put in. */
  readonly headers: Headers
  readonly query: string
  /** Null when nothing is to change. */
  readonly mutations: Mutations | null
}

export interface JwtRefused {
  readonly ok: false
  readonly failure: JwtFailure
  readonly status: 401 | 403
  /** The body that Envoy sends. */
  readonly message: string
  /** Value of the `www-authenticate` field (RFC 6750 §3). */
  readonly wwwAuthenticate: string
}

export type JwtOutcome = JwtPassed | JwtRefused

/** The token that was verified last, and the rule that it is good for. */
export interface VerifiedToken {
  readonly rule: CompiledJwtRule
  readonly jwt: Jwt
}

/** The request goes on, with the identity of `last`; null: without one. */
export function toPassed({ headers, query, mutations }: EditedRequest, last: VerifiedToken | null): JwtPassed {
  const changed = { ok: true, headers, query, mutations } as const
  if (last === null) return { ...changed, claims: null, issuer: null, subject: null }
  const { iss, sub } = last.jwt.claims
  return {
    ...changed,
    claims: claimsOf(last),
    issuer: typeof iss === 'string' ? iss : null,
    subject: typeof sub === 'string' ? sub : null,
  }
}

function claimsOf({ rule, jwt }: VerifiedToken): JsonObject {
  const known = rule.splitClaims.get(jwt)
  if (known !== undefined) return known
  const claims = splitClaims(jwt.claims, rule.split)
  rule.splitClaims.set(jwt, claims)
  return claims
}

const MAX_REALM_PATH = 256

/** The request ends here, with the answer that Envoy gives. */
export function toRefused(failure: JwtFailure, { scheme, host, path, query }: JwtRequest): JwtRefused {
  const address = `${scheme}://${host}${(path + query).slice(0, MAX_REALM_PATH)}`
  const realm = address.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '?') // nothing that ends the quotes or the field
  return {
    ok: false,
    failure,
    ...JWT_FAILURES[failure],
    wwwAuthenticate: `Bearer realm="${realm}", error="invalid_token"`,
  }
}
