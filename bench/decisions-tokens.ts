import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { RequestAuthentication } from '../src/mesh/resource.ts'
import type { MixWorkload } from './decisions-mix.ts'

const ISSUER = 'https://issuer.example'
const LIFETIME_SECONDS = 7200

/** Tokens of one issuer, all different, and the keys to verify them with. */
export interface Tokens {
  readonly jwks: string
  /** The next one that nobody has seen. */
  next(role: string): string
}

/** An issuer that signs with RS256, as most do. */
export function openIssuer(): Tokens {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256' }
  let issued = 0
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    next: (role) => signToken(privateKey, { role, jti: String(issued++) }),
  }
}

function signToken(key: KeyObject, claims: Readonly<Record<string, string>>): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'RS256', kid: 'bench', typ: 'JWT' })
  const standard = { iss: ISSUER, aud: ['shop'], sub: 'alice', iat: now, exp: now + LIFETIME_SECONDS }
  const input = `${header}.${part({ ...standard, ...claims })}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** Has a workload's tokens verified; they stay in the request, so that nothing of it changes. */
export function toRequestAuthentication({ namespace, name }: MixWorkload, jwks: string): RequestAuthentication {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { namespace, name },
    spec: {
      selector: { matchLabels: { app: name } },
      jwtRules: [{ issuer: ISSUER, audiences: ['shop'], jwks, forwardOriginalToken: true }],
    },
  }
}
