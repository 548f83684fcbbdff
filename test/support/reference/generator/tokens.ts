import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** Tokens made once, and the key sets that verify them. */
export interface Credentials {
  readonly tokens: readonly string[]
  /** Those of them that verify by some key set. */
  readonly goodTokens: readonly string[]
  /** JWKS documents for the rules of RequestAuthentication. */
  readonly keySets: readonly string[]
}

type Claims = Readonly<Record<string, unknown>>
type Signer = (header: Claims, claims: Claims) => string

const FAR = 4_070_908_800
const PAST = 1_000_000_000

/** Issuers that tokens and rules share. */
export const ISSUERS = ['iss1', 'https://idp.example.com', 'corp'] as const

const GOOD_CLAIMS: readonly Claims[] = [
  { iss: 'iss1', sub: 'alice', exp: FAR, role: 'dev', custom: 'ops dev', groups: 'read d1', azp: '' },
  { iss: 'iss1', sub: 'bob', aud: 'api', azp: 'cli', scope: 'read write', groups: ['dev', 'ops'] },
  { iss: 'iss1', sub: 'alice', aud: ['web', 'https://api/'], exp: FAR, permission: 'read  write', ctx: { dept: 'd1' } },
  { iss: 'iss1', exp: 0, role: 'prod', n: 7, f: 1.5, b: true },
  {
    iss: 'https://idp.example.com',
    sub: 'alice',
    aud: 'api',
    exp: FAR,
    groups: 'dev',
    ctx: { dept: 'd2', roles: ['x'] },
  },
  { iss: 'https://idp.example.com', sub: 'bob/x', exp: FAR + 0.5, azp: 'web', role: '', scope: '', groups: [''] },
  { iss: 'https://idp.example.com', sub: 'ali', aud: 'http://web', iat: FAR, custom: 'dev prod', 'ctx.dept': 'd1' },
  { iss: 'corp', sub: 'alice', aud: [''], azp: '', exp: FAR, role: ['dev', 'prod', 3], scope: ['read write'] },
  { iss: 'corp', sub: 'bob', exp: FAR, groups: [['dev']], role: null, ctx: 'd1' },
]

const BAD_CLAIMS: readonly Claims[] = [
  { iss: 'corp/', sub: 'alice', exp: FAR },
  { sub: 'alice', exp: FAR, role: 'dev' },
  { iss: 'nobody', sub: 'alice', exp: FAR },
  { iss: 'iss1', sub: 'alice', exp: PAST },
  { iss: 'iss1', sub: 'alice', nbf: FAR },
  { iss: 'iss1', sub: 'alice', exp: '4070908800' },
  { iss: 'corp', sub: 'alice', iat: -1 },
  { iss: 'corp', sub: 5, exp: FAR },
  { iss: 1, sub: 'alice', exp: FAR },
]

/** Makes three keys and about thirty tokens, good ones and each kind of bad one. */
export function makeCredentials(): Credentials {
  const one = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const two = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signOne = signerOf(one.privateKey, { alg: 'ES256', kid: 'k1' })
  const signRsa = signerOf(rsa.privateKey, { alg: 'RS256', kid: 'k3' })
  const set = (...jwks: readonly Claims[]) => JSON.stringify({ keys: jwks })
  const jwkOne = one.publicKey.export({ format: 'jwk' }) as Claims
  const jwkTwo = two.publicKey.export({ format: 'jwk' }) as Claims
  const jwkRsa = rsa.publicKey.export({ format: 'jwk' }) as Claims
  const [first = {}, second = {}] = GOOD_CLAIMS
  const goodTokens = [
    ...GOOD_CLAIMS.map((claims) => signOne({}, claims)),
    signRsa({}, first),
    signRsa({ alg: 'RS512' }, second),
  ]
  return {
    tokens: [...goodTokens, ...BAD_CLAIMS.map((claims) => signOne({}, claims)), ...oddTokens(signOne)],
    goodTokens,
    keySets: [
      set({ ...jwkOne, kid: 'k1', alg: 'ES256' }, { ...jwkRsa, kid: 'k3' }),
      set(jwkOne, jwkRsa),
      set({ ...jwkTwo, kid: 'k2' }, { ...jwkOne, kid: 'k1' }, { ...jwkRsa, alg: 'RS512' }),
      set({ ...jwkTwo, kid: 'k1' }),
    ],
  }
}

function oddTokens(signOne: Signer): readonly string[] {
  const claims = { iss: 'iss1', sub: 'bob', aud: 'api', exp: FAR }
  const good = signOne({}, claims)
  const [header = '', payload = '', signature = ''] = good.split('.')
  return [
    signOne({ kid: undefined }, claims),
    signOne({ kid: 'k2' }, claims),
    signOne({ alg: 'none' }, claims),
    signOne({ alg: 'XX256' }, claims),
    `${header}.${encode({ ...claims, sub: 'root' })}.${signature}`,
    `${header}.${payload}.${signature.slice(2)}AA`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${good}.x`,
    `${encode([])}.${payload}.${signature}`,
    'garbage',
    '',
  ]
}

function signerOf(privateKey: KeyObject, defaults: Claims): Signer {
  return (more, claims) => {
    const header = { ...defaults, ...more }
    const input = `${encode(header)}.${encode(claims)}`
    const hash = header.alg === 'RS512' ? 'sha512' : 'sha256'
    return `${input}.${sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
