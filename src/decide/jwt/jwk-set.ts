import type { JWK } from 'jose'
import { isJsonObject } from '../../kernel/json-object.ts'
import { parseStrictJson, StrictJsonError } from '../../kernel/strict-json.ts'
import type { KeyKind } from './algorithms.ts'

/** One usable key of a JWK set (RFC 7517). */
export interface Jwk {
  readonly kind: KeyKind
  /** Empty: none, so it is tried for tokens with any `kid`. */
  readonly kid: string
  /** Empty: none declared. */
  readonly alg: string
  /** Its public members alone (the secret itself for `oct`). */
  readonly material: JWK
}

/** The keys of one set; verdicts on signatures hold for this very object. */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

const MAX_KEYS = 100
const MAX_DEPTH = 16
/** NIST SP 800-131A wants 2048 at least; BoringSSL takes 8192 at most. */
const RSA_BITS = { min: 2048, max: 8192 } as const
/** 65537 and 3, as in Envoy. */
const RSA_EXPONENTS: ReadonlySet<unknown> = new Set(['AQAB', 'Aw'])
const NO_KEYS: JwkSet = { keys: [] }

/**
 * Reads a JWK set as Envoy does: a key of no use is passed over; `use` and `key_ops` are not looked at. Text that is no
 * set, or one of more than 100 keys, has no keys.
 */
export function toJwkSet(text: string): JwkSet {
  const document = parse(text)
  if (!isJsonObject(document) || !Array.isArray(document.keys) || document.keys.length > MAX_KEYS) return NO_KEYS
  return { keys: document.keys.map(toJwk).filter((jwk) => jwk !== null) }
}

function parse(text: string): unknown {
  try {
    return parseStrictJson(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) return null
    throw error
  }
}

type Fields = Readonly<Record<string, unknown>>

function toJwk(jwk: unknown): Jwk | null {
  if (!isJsonObject(jwk)) return null
  const named = { kid: textOf(jwk.kid), alg: textOf(jwk.alg) }
  const { kty } = jwk
  if (kty === 'RSA') return toRsa(jwk, named)
  if (kty === 'EC') return toCurve(jwk, named)
  if (kty === 'OKP') return toEd25519(jwk, named)
  return kty === 'oct' ? toSecret(jwk, named) : null
}

interface Named {
  readonly kid: string
  readonly alg: string
}

function toRsa({ n, e }: Fields, named: Named): Jwk | null {
  if (named.alg !== '' && !/^[RP]S/.test(named.alg)) return null
  if (typeof n !== 'string' || typeof e !== 'string' || !RSA_EXPONENTS.has(e)) return null
  const modulus = Buffer.from(n, 'base64url')
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) return null
  return { kind: 'rsa', ...named, material: { kty: 'RSA', n, e } }
}

const CURVES = {
  'P-256': { alg: 'ES256', kind: 'ec-p256' },
  'P-384': { alg: 'ES384', kind: 'ec-p384' },
  'P-521': { alg: 'ES512', kind: 'ec-p521' },
} as const satisfies Record<string, { readonly alg: string; readonly kind: KeyKind }>

/** Without `crv` the curve is that of `alg`, and P-256 without both. */
function toCurve({ crv, x, y }: Fields, named: Named): Jwk | null {
  const names = Object.keys(CURVES) as (keyof typeof CURVES)[]
  const wanted = crv === undefined || crv === '' ? undefined : crv
  const name = names.find((curve) => curve === (wanted ?? curveOf(named.alg)))
  if (name === undefined || typeof x !== 'string' || typeof y !== 'string') return null
  const { alg, kind } = CURVES[name]
  if (named.alg !== '' && named.alg !== alg) return null
  return { kind, ...named, material: { kty: 'EC', crv: name, x, y } }
}

function curveOf(alg: string): string | undefined {
  if (alg === '') return 'P-256'
  return Object.entries(CURVES).find(([, curve]) => curve.alg === alg)?.[0]
}

function toEd25519({ crv, x }: Fields, named: Named): Jwk | null {
  if (named.alg !== '' && named.alg !== 'EdDSA') return null
  if (crv !== 'Ed25519' || typeof x !== 'string' || Buffer.from(x, 'base64url').length !== 32) return null
  return { kind: 'ed25519', ...named, material: { kty: 'OKP', crv, x } }
}

function toSecret({ k }: Fields, named: Named): Jwk | null {
  if (named.alg !== '' && !/^HS(?:256|384|512)$/.test(named.alg)) return null
  return typeof k === 'string' && k !== '' ? { kind: 'oct', ...named, material: { kty: 'oct', k } } : null
}

/** Envoy takes a `kid` or `alg` that is no string for absent. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
