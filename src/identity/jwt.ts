import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../kernel/strict-json.ts'
import { isJwtAlgorithm, type JwtAlgorithm } from './jwt-algorithms.ts'

export type Claims = Readonly<Record<string, unknown>>

/** A JWT that is well formed; nothing of it is to be believed before its signature is verified. */
export interface UnverifiedJwt {
  readonly alg: JwtAlgorithm
  readonly kid: string | undefined
  readonly claims: Claims
  /** What the signature covers (RFC 7515 §5.1): the token up to its last dot. */
  readonly signingInput: string
}

const MAX_DEPTH = 16
const MAX_KID = 1024

/**
 * Parses the JWS compact form strictly, as the libraries behind us do not; throws `auth.token_malformed`. The caller
 * has bounded its length.
 * Keys and URLs in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at (hostile 55).
 */
export function parseJwt(token: string): UnverifiedJwt {
  const segments = token.split('.', 4)
  const [header, payload, signature] = segments
  if (segments.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw malformed('it must have three segments') // hostile 58, 59: five would be a JWE, which is not decrypted
  }
  if (decode(signature, 'signature').length === 0) throw malformed('it is not signed') // hostile 51
  const fields = parseObject(header, 'header')
  return {
    ...readHeader(fields),
    claims: parseObject(payload, 'payload'),
    signingInput: token.slice(0, token.length - signature.length - 1),
  }
}

function readHeader(header: Claims): { readonly alg: JwtAlgorithm; readonly kid: string | undefined } {
  const { alg, kid } = header
  if (typeof alg !== 'string' || !isJwtAlgorithm(alg)) {
    throw malformed(`the algorithm \`${printable(String(alg), 40)}\` is not allowed`) // hostile 51, 52
  }
  if (Object.hasOwn(header, 'crit')) throw malformed('no critical header is understood') // hostile 57, RFC 7515 §4.1.11
  if (Object.hasOwn(header, 'b64')) throw malformed('the payload must be encoded') // hostile 57, RFC 7797 §7
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID)) {
    throw malformed(`\`kid\` must be a string of 1 to ${MAX_KID} characters`) // hostile 56
  }
  return { alg, kid }
}

function parseObject(segment: string, what: string): Claims {
  const value = parseJson(decode(segment, what), what)
  if (!isObject(value)) throw malformed(`the ${what} must be an object`)
  return value
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) throw malformed(`the ${what}: ${error.message}`)
    throw error
  }
}

/** Node's decoder takes anything; only what it would have written itself is canonical (hostile 58, RFC 7515 §2). */
function decode(segment: string, what: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url')
  if (bytes.toString('base64url') !== segment) throw malformed(`the ${what} is not canonical base64url`)
  return bytes
}

/** True for JSON objects alone. */
export function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(problem: string): AppError {
  return new AppError('auth.token_malformed', `the token is malformed: ${problem}`)
}
