import type { Client } from './clients.ts'
import type { RawRequest } from './exchange.ts'
import { TOKENS } from './http-policies.ts'

/** One request, and the status that the client gets from every proxy. */
export interface HttpCase extends RawRequest {
  readonly title: string
  readonly client: Client
  readonly sni: string | null
  readonly status: number
  /** What HTTP ext_authz answers where it is told less than gRPC. */
  readonly overHttp: number
  /** The query that a policy changes, which HTTP ext_authz cannot. */
  readonly keepsQuery: boolean
}

const DEFAULTS = { method: 'GET', host: 'orders.shop', headers: [], sni: 'orders.shop', keepsQuery: false } as const

type Row = readonly [
  status: number,
  client: Client,
  target: string,
  more?: Partial<Omit<HttpCase, 'status' | 'client' | 'target'>>,
]

const bearer = (token: string) => ({ headers: [['authorization', `Bearer ${token}`]] as const })
const header = (...headers: readonly (readonly [string, string])[]) => ({ headers })

const ROWS: readonly Row[] = [
  // who
  [200, 'web', '/api/orders'],
  [403, 'nobody', '/api/orders'],
  [200, 'admin', '/api/orders'],
  [403, 'web', '/reports'],
  [200, 'admin', '/reports'],
  [200, 'nobody', '/public/a'],
  // DENY is never bypassed by the spelling of the path
  [403, 'admin', '/admin'],
  [403, 'admin', '/admin/'],
  [403, 'admin', '/admin/users?x=1'],
  [403, 'admin', '/%61dmin'],
  [403, 'admin', '/%61%64%6D%69%6e/users'],
  [403, 'admin', '/./admin'],
  [403, 'admin', '/public/../admin'],
  [403, 'admin', '/public/%2e%2E/admin'],
  [403, 'admin', '/public/.%2e/admin/users'],
  [403, 'admin', '/public\\..\\admin'],
  [403, 'admin', '/../../admin'],
  [403, 'admin', '/x/..//../admin'],
  [403, 'nobody', 'http://orders.shop/public/../admin'],
  // other paths stay other paths: BASE keeps escaped slashes, slash runs and case
  [200, 'admin', '//admin'],
  [200, 'admin', '/admin%2fusers'],
  [200, 'admin', '/ADMIN'],
  [200, 'admin', '/admin;x=1'],
  [200, 'admin', '/%2561dmin'],
  [200, 'admin', '/a//../b'],
  [200, 'admin', '/a/b/..?q=/../admin'],
  [200, 'nobody', '/public/x%20y'],
  [403, 'nobody', '/public/../private'],
  [403, 'nobody', '/publicity'],
  [200, 'nobody', '/items/7/price'],
  [403, 'nobody', '/items/7/8/price'],
  // refused before any policy
  [400, 'admin', '/api/%00'],
  [400, 'admin', '/api/a#b'],
  [400, 'admin', '/api', { method: 'FOO' }],
  [400, 'admin', '/api', { method: 'get' }],
  [400, 'admin', '/api', { title: 'no Host header', host: null }],
  [400, 'admin', '\\admin', { title: 'a target without a slash' }],
  // methods
  [403, 'web', '/api/orders/7', { method: 'DELETE' }],
  [200, 'admin', '/api/orders/7', { method: 'DELETE' }],
  [403, 'nobody', '/items/7/price', { method: 'PUT' }],
  [200, 'nobody', '/items/7/price', { method: 'HEAD' }],
  [200, 'web', '/api/orders', { method: 'PATCH' }],
  [200, 'web', '/api/orders', { method: 'PROPFIND' }],
  // hosts
  [200, 'nobody', '/x', { host: 'open.shop' }],
  [200, 'nobody', '/x', { host: 'OPEN.shop' }],
  [403, 'nobody', '/x', { host: 'open.shop:8443' }],
  [403, 'nobody', '/x', { host: 'open.shop.' }],
  [200, 'nobody', 'http://open.shop/x', { host: 'closed.shop' }],
  [403, 'nobody', 'http://closed.shop/x', { host: 'open.shop' }],
  [403, 'admin', '/x', { host: 'internal.shop:8443' }],
  [403, 'admin', '/x', { host: 'Internal.Shop' }],
  // headers, repeated ones too
  [403, 'admin', '/x', header(['x-debug', 'on'])],
  [403, 'admin', '/x', header(['X-DEBUG', 'on'])],
  [403, 'admin', '/x', header(['x-debug', 'off'], ['x-debug', 'on'])],
  [200, 'admin', '/x', { ...header(['x-debug', 'off,on']), overHttp: 403 }],
  [200, 'nobody', '/tenant', header(['x-tenant', 'a'])],
  [200, 'nobody', '/tenant', header(['x-tenant', 'b'], ['x-tenant', 'a'])],
  [403, 'nobody', '/tenant', header(['x-tenant', 'b,a'])],
  [403, 'nobody', '/tenant'],
  // addresses and names of the connection
  [200, 'nobody', '/near', header(['x-forwarded-for', '10.1.2.3'])],
  [403, 'nobody', '/far', header(['x-forwarded-for', '10.1.2.3'])],
  [200, 'nobody', '/lan', header(['x-forwarded-for', '1.1.1.1, 10.1.2.3'])],
  [403, 'nobody', '/lan', header(['x-forwarded-for', '10.1.2.3, 1.1.1.1'])],
  [200, 'nobody', '/here'],
  [200, 'web', '/sni'],
  [200, 'web', '/sni', { title: 'SNI in upper case', sni: 'ORDERS.shop' }],
  [403, 'web', '/sni', { title: 'other SNI', sni: 'other.shop' }],
  [403, 'web', '/sni', { title: 'no SNI', sni: null }],
  [403, 'nobody', '/sni'],
  [403, 'admin', '/x', { title: 'SNI that is refused', sni: 'old.shop' }],
  // tokens
  [200, 'nobody', '/me', { title: 'a good token', ...bearer(TOKENS.good) }],
  [403, 'nobody', '/me', { title: 'no token' }],
  [401, 'nobody', '/me', { title: 'an expired token', ...bearer(TOKENS.expired) }],
  [401, 'nobody', '/public/a', { title: 'an expired token where none is needed', ...bearer(TOKENS.expired) }],
  [403, 'nobody', '/me', { title: 'a token for another audience', ...bearer(TOKENS.otherAudience) }],
  [401, 'nobody', '/me', { title: 'a forged token', ...bearer(TOKENS.forged) }],
  [401, 'web', '/api/a', { title: 'a forged token with mTLS', ...bearer(TOKENS.forged) }],
  [200, 'nobody', `/me?a=1&access_token=${TOKENS.good}`, { title: 'a token in the query', keepsQuery: true }],
  [200, 'nobody', '/staff', { title: 'a claim', ...bearer(TOKENS.good) }],
  [200, 'nobody', '/alice', { title: 'a header made of a claim', ...bearer(TOKENS.good) }],
  [403, 'nobody', '/alice', { title: 'the same header sent by the client', ...header(['x-user', 'alice']) }],
  [200, 'nobody', '/public/a', { title: 'and it goes no further', ...header(['x-user', 'root']) }],
]

/** The table of requests that goes through every proxy. */
export const HTTP_CASES: readonly HttpCase[] = ROWS.map(toCase)

/** A request that is allowed; tests change what they look at. */
export const ALLOWED: HttpCase = toCase([200, 'web', '/api/orders'])

function toCase([status, client, target, more = {}]: Row): HttpCase {
  const { method = 'GET', host = DEFAULTS.host, headers = [] } = more
  const shown = headers.map(([name, value]) => `${name}: ${value}`).join(', ')
  const title = more.title ?? [client, method, target, host === DEFAULTS.host ? '' : host, shown].join(' ').trim()
  return { ...DEFAULTS, status, client, target, overHttp: status, ...more, title }
}
