/** The kinds of keys that verify tokens. */
export type JwtKeyKind = 'rsa' | 'ec-p256' | 'ec-p384' | 'ec-p521' | 'ed25519'

/**
 * The one table of what verifies a token: which algorithms each kind of key may be used with (trust 10).
 * No MAC, no `none`, no SHA-1; `Ed25519` is the name of RFC 9864, `EdDSA` that of RFC 8037.
 */
export const ALGORITHMS_OF_KEY = {
  rsa: ['RS256', 'PS256'],
  'ec-p256': ['ES256'],
  'ec-p384': ['ES384'],
  'ec-p521': ['ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
} as const satisfies Record<JwtKeyKind, readonly string[]>

export type JwtAlgorithm = (typeof ALGORITHMS_OF_KEY)[JwtKeyKind][number]

const ALL: ReadonlySet<string> = new Set(Object.values(ALGORITHMS_OF_KEY).flat())

export function isJwtAlgorithm(name: string): name is JwtAlgorithm {
  return ALL.has(name)
}
