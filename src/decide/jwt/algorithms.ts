/** The kinds of keys that verify tokens of requests. */
export type KeyKind = 'rsa' | 'ec-p256' | 'ec-p384' | 'ec-p521' | 'ed25519' | 'oct'

/** The one table of what verifies a token: the algorithms that a key of each kind may be used with (RFC 7518 §3.1, RFC 8037). */
const ALGORITHMS_OF_KIND = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'ec-p256': ['ES256'],
  'ec-p384': ['ES384'],
  'ec-p521': ['ES512'],
  ed25519: ['EdDSA'],
  oct: ['HS256', 'HS384', 'HS512'],
} as const satisfies Record<KeyKind, readonly string[]>

const KNOWN: ReadonlySet<string> = new Set(Object.values(ALGORITHMS_OF_KIND).flat())

/** Whether Envoy implements `alg` at all; `none` is not among them. */
export function isKnownAlgorithm(alg: string): boolean {
  return KNOWN.has(alg)
}

/** Whether a key of `kind`, whose JWK declares `declared` (empty: nothing), verifies tokens of `alg`. */
export function canVerify(kind: KeyKind, declared: string, alg: string): boolean {
  const algorithms: readonly string[] = ALGORITHMS_OF_KIND[kind]
  if (!algorithms.includes(alg)) return false
  return declared === '' ? !alg.startsWith('PS') : declared === alg // a key for RSASSA-PSS has to say so
}
