import type { JwtRule } from '../../../src/mesh/resource.ts'
import { isObject } from './claims.ts'
import type { JsonObject } from './facts.ts'
import { isSigned } from './jwt-keys.ts'

/** `unknown-issuer` is told apart because it never overrides a more telling error. */
export type Refusal = 'unknown-issuer' | 'unauthenticated' | 'audience'
export type Verdict =
  | { readonly ok: true; readonly claims: JsonObject }
  | { readonly ok: false; readonly refusal: Refusal }

const BASE64URL = /^[A-Za-z0-9_-]+$/
const ALGORITHMS = /^(?:(?:RS|PS|ES|HS)(?:256|384|512)|EdDSA)$/
const SKEW_SECONDS = 60
const NO_KEYS = '{"keys":[]}'
const INT64_LIMIT = 2 ** 63

/** Verifies one compact token by one rule; the checks are in the order of Envoy's jwt_authn. */
export function verifyToken(token: string, rule: JwtRule, now: number): Verdict {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return refused('unauthenticated')
  const header = readObject(parts[0])
  const claims = readObject(parts[1])
  if (header === null || claims === null) return refused('unauthenticated')
  if (typeof header.alg !== 'string' || !ALGORITHMS.test(header.alg)) return refused('unauthenticated')
  if (!hasProperTypes(claims)) return refused('unauthenticated')
  if (rule.issuer && claims.iss !== rule.issuer) return refused('unknown-issuer')
  if (!isWithinItsTime(claims, now)) return refused('unauthenticated')
  if (!isForAudience(claims, rule.audiences ?? [])) return refused('audience')
  if (!isSigned(token, header, rule.jwks ?? NO_KEYS)) return refused('unauthenticated')
  return { ok: true, claims }
}

function refused(refusal: Refusal): Verdict {
  return { ok: false, refusal }
}

function readObject(part: string | undefined): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function hasProperTypes({ iss, sub, exp, nbf, iat, aud }: JsonObject): boolean {
  const texts = [iss, sub].every((text) => text === undefined || typeof text === 'string')
  const times = [exp, nbf, iat].every(
    (time) => time === undefined || (typeof time === 'number' && time >= 0 && time < INT64_LIMIT),
  )
  return texts && times && (aud === undefined || audiencesOf(aud) !== null)
}

function isWithinItsTime({ exp, nbf }: JsonObject, now: number): boolean {
  const begun = typeof nbf !== 'number' || Math.trunc(nbf) <= now + SKEW_SECONDS
  const ended = typeof exp === 'number' && exp !== 0 && Math.trunc(exp) + SKEW_SECONDS < now
  return begun && !ended
}

function isForAudience({ aud }: JsonObject, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  const allowed = wanted.map(bareAudience)
  return (audiencesOf(aud) ?? []).some((audience) => allowed.includes(bareAudience(audience)))
}

function audiencesOf(aud: unknown): readonly string[] | null {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.every((one) => typeof one === 'string') ? aud : null
}

function bareAudience(audience: string): string {
  return audience.replace(/^https?:\/\//, '').replace(/\/$/, '')
}
