const SCHEME = 'bearer '

/**
 * The token of an `Authorization` value; empty for another scheme, which is then refused as a malformed token unless
 * another proof is valid.
 */
export function bearerOf(authorization: string): string {
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return '' // RFC 9110 §11.1: any case
  return authorization.slice(SCHEME.length).trimStart()
}
