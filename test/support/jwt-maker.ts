import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { JwtAlgorithm } from '../../src/identity/jwt-algorithms.ts'

export type Json = Readonly<Record<string, unknown>>

/** A key that signs tokens, and its public half as a JWK. */
export interface TokenKey {
  readonly alg: JwtAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: Json
}

/** Makes a key for `alg`; `kid` names it in tokens and in the JWK. */
export function makeTokenKey(alg: JwtAlgorithm, kid: string): TokenKey {
  const { privateKey, publicKey } = generate(alg)
  return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } }
}

function generate(alg: JwtAlgorithm) {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'ES512':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' })
    case 'EdDSA':
    case 'Ed25519':
      return generateKeyPairSync('ed25519')
  }
}

/** A signed token; `header` adds to or replaces `alg` and `kid`. */
export function makeToken(key: TokenKey, claims: Json, header: Json = {}): string {
  const input = signingInput({ alg: key.alg, kid: key.kid, ...header }, claims)
  return `${input}.${signToken(key, input).toString('base64url')}`
}

/** The first two segments; texts are taken as they are, so that JSON may be as bad as a test wants it. */
export function signingInput(header: Json | string, claims: Json | string): string {
  const encode = (part: Json | string) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  return `${encode(header)}.${encode(claims)}`
}

/** The raw signature of RFC 7518 §3 over `input`. */
export function signToken(key: TokenKey, input: string): Buffer {
  const data = Buffer.from(input)
  const { privateKey } = key
  switch (key.alg) {
    case 'RS256':
      return sign('sha256', data, privateKey)
    case 'PS256':
      return sign('sha256', data, { key: privateKey, padding: 6, saltLength: 32 })
    case 'ES256':
      return sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'ES384':
      return sign('sha384', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'ES512':
      return sign('sha512', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'EdDSA':
    case 'Ed25519':
      return sign(null, data, privateKey)
  }
}

/** The forgery of CVE-2015-9235: a MAC keyed with the bytes of the public key. */
export function makeMacToken(key: TokenKey, claims: Json): string {
  const input = signingInput({ alg: 'HS256', kid: key.kid }, claims)
  const pem = key.publicKey.export({ format: 'pem', type: 'spki' })
  return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
}

/** Claims of a projected service-account token, as Kubernetes writes them, an hour long; `now` in seconds. */
export function kubernetesClaims(now: number, more: Json = {}): Json {
  return {
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:default:web',
    aud: ['istio-ca'],
    iat: now,
    nbf: now,
    exp: now + 3600,
    jti: 'a2f0c3a6-0b5f-4c4e-9f0e-3d8f6f0f7a11',
    'kubernetes.io': {
      namespace: 'default',
      pod: { name: 'web-0', uid: 'c3cf1b43-6b0a-4c27-9d1e-0a0b0c0d0e0f' },
      serviceaccount: { name: 'web', uid: 'f1e2d3c4-0000-4000-8000-000000000000' },
    },
    ...more,
  }
}
