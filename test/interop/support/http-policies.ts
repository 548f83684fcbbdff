import { type Json, makeToken, makeTokenKey } from '../../support/jwt-maker.ts'

const ISSUER = 'https://issuer.example'
const KEY = makeTokenKey('RS256', 'k1')
const OTHER_KEY = makeTokenKey('RS256', 'k1')
const HOUR = 3600

/** A token of `alice` of the group `staff` for the workload; `claims` replaces. */
export function token(claims: Json = {}, key: typeof KEY = KEY): string {
  const now = Math.floor(Date.now() / 1000)
  return makeToken(key, { iss: ISSUER, sub: 'alice', aud: 'shop', exp: now + HOUR, groups: ['staff'], ...claims })
}

export const TOKENS = {
  good: token(),
  expired: token({ exp: 1_000_000_000 }),
  otherAudience: token({ aud: 'elsewhere' }),
  forged: token({}, OTHER_KEY),
}

/** What decides in the tests of HTTP, for `shop/orders`. */
export const HTTP_POLICIES: readonly Json[] = [
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'users', namespace: 'shop' },
    spec: {
      jwtRules: [
        {
          issuer: ISSUER,
          audiences: ['shop'],
          jwks: JSON.stringify({ keys: [KEY.jwk] }),
          outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }],
        },
      ],
    },
  },
  policy('deny', 'DENY', [
    { to: [{ operation: { paths: ['/admin', '/admin/*'] } }] },
    { to: [{ operation: { methods: ['DELETE'] } }], from: [{ source: { notNamespaces: ['ops'] } }] },
    { to: [{ operation: { hosts: ['internal.shop', 'internal.shop:*'] } }] },
    { when: [{ key: 'request.headers[x-debug]', values: ['on'] }] },
    { when: [{ key: 'connection.sni', values: ['old.shop'] }] },
  ]),
  policy('allow', 'ALLOW', [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }],
      to: [{ operation: { paths: ['/api/*'] } }],
    },
    { from: [{ source: { namespaces: ['ops'] } }] },
    { to: [{ operation: { paths: ['/public/*'] } }] },
    { to: [{ operation: { paths: ['/items/{*}/price'], methods: ['GET', 'HEAD'] } }] },
    { from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }], to: [{ operation: { paths: ['/me', '/me/*'] } }] },
    { to: [{ operation: { paths: ['/staff'] } }], when: [{ key: 'request.auth.claims[groups]', values: ['staff'] }] },
    { to: [{ operation: { paths: ['/alice'] } }], when: [{ key: 'request.headers[x-user]', values: ['alice'] }] },
    { to: [{ operation: { paths: ['/tenant'] } }], when: [{ key: 'request.headers[x-tenant]', values: ['a'] }] },
    { to: [{ operation: { paths: ['/sni'] } }], when: [{ key: 'connection.sni', values: ['orders.shop'] }] },
    { to: [{ operation: { paths: ['/near'] } }], from: [{ source: { ipBlocks: ['127.0.0.0/8'] } }] },
    { to: [{ operation: { paths: ['/far'] } }], from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }] },
    { to: [{ operation: { paths: ['/lan'] } }], from: [{ source: { remoteIpBlocks: ['10.0.0.0/8'] } }] },
    { to: [{ operation: { paths: ['/here'] } }], when: [{ key: 'destination.ip', values: ['127.0.0.1'] }] },
    { to: [{ operation: { hosts: ['open.shop'] } }] },
  ]),
]

function policy(name: string, action: string, rules: readonly Json[]): Json {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'orders' } }, action, rules },
  }
}
