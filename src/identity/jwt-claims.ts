import { createHash } from 'node:crypto'
import type { UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import type { Claims } from './jwt.ts'

/** When a token counts; `leewaySeconds` not yet added. */
export interface TokenLife {
  readonly notBefore: UnixSeconds | null
  readonly expiresAt: UnixSeconds
}

/** How far the clocks of issuer and service may differ. */
export const LEEWAY_SECONDS = 60
const YEAR_SECONDS = 365 * 86_400
const MAX_SUBJECT = 512

/** Reads `exp`, `nbf` and `iat` (RFC 7519 §4.1) and throws unless they are sane (hostile 61, 62); a token lives a year at most. */
export function readLife(claims: Claims, now: UnixSeconds): TokenLife {
  const expiresAt = numericDate(claims, 'exp')
  const notBefore = numericDate(claims, 'nbf')
  const issuedAt = numericDate(claims, 'iat')
  if (expiresAt === null) throw malformed('`exp` is missing: only tokens that expire are taken') // hostile 66
  if (expiresAt > now + YEAR_SECONDS + LEEWAY_SECONDS) throw malformed('`exp` is more than a year ahead')
  if (issuedAt !== null) {
    if (issuedAt > now + LEEWAY_SECONDS) throw notYetValid('was issued', issuedAt - now)
    if (issuedAt <= now - YEAR_SECONDS) {
      throw new AppError('auth.token_expired', 'the token was issued more than a year ago: fetch a new one')
    }
  }
  return { expiresAt, notBefore }
}

/** Throws unless `now` lies in the life, leeway included: at `exp` plus leeway it is over. */
export function checkLife(life: TokenLife, now: UnixSeconds): void {
  const late = now - life.expiresAt
  if (late >= LEEWAY_SECONDS) {
    throw new AppError('auth.token_expired', `the token expired ${late} s ago: fetch a new one`)
  }
  if (life.notBefore !== null && life.notBefore > now + LEEWAY_SECONDS) {
    throw notYetValid('becomes valid', life.notBefore - now)
  }
}

/** Throws unless one of the audiences is, to the letter, one of `wanted` (hostile 63). */
export function checkAudience(claims: Claims, wanted: readonly string[]): void {
  const seen = audiencesOf(claims.aud)
  if (seen.some((audience) => wanted.includes(audience))) return
  const names = { wanted: wanted.join(', '), seen: printable(seen.join(', ')) }
  throw new AppError(
    'auth.audience_mismatch',
    `the token is not for this service: its audience must be \`${names.wanted}\``,
    names,
  )
}

function audiencesOf(aud: unknown): readonly string[] {
  if (aud === undefined) return []
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.every((audience) => typeof audience === 'string')) throw malformed('`aud` is not a string or strings')
  return audiences
}

/** The `sub` claim: 1 to 512 printable ASCII characters, since it is recorded and shown. */
export function readSubject(claims: Claims): string {
  const { sub } = claims
  if (typeof sub === 'string' && sub !== '' && sub.length <= MAX_SUBJECT && !/[^\x20-\x7e]/.test(sub)) return sub
  throw new AppError('auth.subject_invalid', `\`sub\` must be 1 to ${MAX_SUBJECT} printable ASCII characters`)
}

/**
 * What a single use is counted by: issuer and `jti`, or what was signed when there is none. Not the whole token: of
 * one ECDSA signature a second valid one can be made.
 */
export function singleUseHash(issuer: string, claims: Claims, signingInput: string): Buffer {
  const { jti } = claims
  if (jti === undefined) return createHash('sha256').update(signingInput).digest()
  if (typeof jti !== 'string' || jti === '') throw malformed('`jti` is not a string')
  return createHash('sha256').update(`${issuer}\0${jti}`).digest()
}

function numericDate(claims: Claims, name: 'exp' | 'nbf' | 'iat'): UnixSeconds | null {
  const value = claims[name]
  if (value === undefined) return null
  if (typeof value !== 'number' || !(value > 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw malformed(`\`${name}\` is not a time in seconds`)
  }
  return Math.floor(value)
}

function malformed(problem: string): AppError {
  return new AppError('auth.token_malformed', `the token is malformed: ${problem}`)
}

function notYetValid(what: string, aheadSeconds: number): AppError {
  return new AppError('auth.token_not_yet_valid', `the token ${what} ${aheadSeconds} s from now: check the clocks`)
}
