import { isJsonObject } from '../../kernel/json-object.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../../kernel/strict-json.ts'
import type { JsonObject } from '../../policy/attributes.ts'
import { isKnownAlgorithm } from './algorithms.ts'
import type { JwtFailure } from './jwt-failure.ts'

/** A token whose form and registered claims are sound; to be believed only with a verdict on its signature. */
export interface Jwt {
  readonly alg: string
  /** Empty: none. */
  readonly kid: string
  /** Empty: none. */
  readonly issuer: string
  readonly audiences: readonly string[]
  /** Unix seconds; 0: none. */
  readonly notBefore: number
  /** Unix seconds; 0: never expires. */
  readonly expiresAt: number
  readonly claims: JsonObject
  /** The payload as it stands in the token. */
  readonly payload: string
  readonly signatureBytes: number
}

/** Envoy refuses requests with more header bytes, so no token that it would look at is longer. */
const MAX_TOKEN = 60 * 1024
/** What Envoy's JSON reader takes. */
const MAX_DEPTH = 100
const UINT64_END = 2 ** 64

/**
 * Parses a token with the checks of Envoy's jwt_authn filter in their order. Stricter than Envoy, which reads with
 * Abseil: blanks, padding and spare bits in base64url, empty segments beside the three, and keys of JSON that name
 * prototypes are refused here (RFC 7515 §2, §5.2), and so is a critical header (RFC 7515 §4.1.11).
 */
export function parseJwt(token: string): Jwt | JwtFailure {
  const segments = token.length > MAX_TOKEN ? [] : token.split('.', 4)
  const [head = '', payload = '', signature = ''] = segments
  if (segments.length !== 3 || head === '' || payload === '' || signature === '') return 'bad_format'
  const header = parseSegment(head)
  if (typeof header === 'string') return `header_${header}`
  const unfit = checkHeader(header)
  if (unfit !== null) return unfit
  const claims = parseSegment(payload)
  if (typeof claims === 'string') return `payload_${claims}`
  const unsound = checkRegisteredClaims(claims)
  if (unsound !== null) return unsound
  const bytes = decode(signature)
  if (bytes === null) return 'signature_not_base64'
  return {
    alg: String(header.alg),
    kid: stringOr(header, 'kid'),
    issuer: stringOr(claims, 'iss'),
    audiences: audiencesOf(claims) ?? [],
    notBefore: secondsOr(claims, 'nbf'),
    expiresAt: secondsOr(claims, 'exp'),
    claims,
    payload: copied(payload),
    signatureBytes: bytes.length,
  }
}

function parseSegment(segment: string): JsonObject | 'not_base64' | 'not_json' {
  const bytes = decode(segment)
  if (bytes === null) return 'not_base64'
  try {
    const value = parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
    return isJsonObject(value) ? (value as JsonObject) : 'not_json'
  } catch (error) {
    if (error instanceof StrictJsonError) return 'not_json'
    throw error
  }
}

/** A part of a text holds on to the whole: to a path, or all cookies. */
function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** Node's decoder takes anything; only what it would have written itself is canonical (RFC 7515 §2). */
function decode(segment: string): Buffer | null {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}

function checkHeader(header: JsonObject): JwtFailure | null {
  const { alg } = header
  if (typeof alg !== 'string') return 'alg_missing'
  if (!isKnownAlgorithm(alg)) return 'alg_unknown'
  if (!isStringOrAbsent(header, 'kid')) return 'kid_not_string'
  const altered = Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64') // RFC 7797 §6: `b64` needs `crit`
  return altered ? 'signature_invalid' : null
}

function checkRegisteredClaims(claims: JsonObject): JwtFailure | null {
  if (!isStringOrAbsent(claims, 'iss')) return 'iss_not_string'
  if (!isStringOrAbsent(claims, 'sub')) return 'sub_not_string'
  for (const name of ['iat', 'nbf', 'exp'] as const) {
    if (!Object.hasOwn(claims, name)) continue
    const value = claims[name]
    if (typeof value !== 'number') return `${name}_not_number`
    if (value < 0 || value >= UINT64_END) return `${name}_out_of_range`
  }
  if (!isStringOrAbsent(claims, 'jti')) return 'jti_not_string'
  return audiencesOf(claims) === null ? 'aud_not_strings' : null
}

/** Null: neither a string nor a list of strings. */
function audiencesOf(claims: JsonObject): readonly string[] | null {
  if (!Object.hasOwn(claims, 'aud')) return []
  const { aud } = claims
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.every((audience) => typeof audience === 'string') ? aud : null
}

function isStringOrAbsent(object: JsonObject, name: string): boolean {
  return !Object.hasOwn(object, name) || typeof object[name] === 'string'
}

function stringOr(object: JsonObject, name: string): string {
  const value = Object.hasOwn(object, name) ? object[name] : ''
  return typeof value === 'string' ? value : ''
}

/** Envoy keeps whole seconds. */
function secondsOr(claims: JsonObject, name: string): number {
  const value = Object.hasOwn(claims, name) ? claims[name] : 0
  return typeof value === 'number' ? Math.floor(value) : 0
}
