import type { Random } from '../../der-mutations.ts'
import type { Header } from '../headers.ts'
import type { Request, RequestPeer } from '../row.ts'
import {
  ACCOUNTS,
  FORWARDED_FOR,
  HEADER_VALUES,
  HOSTS,
  METHODS,
  NAMESPACES,
  PATHS,
  QUERIES,
  SNIS,
  SOURCE_IPS,
} from './alphabet.ts'
import { oneIn, pick } from './dice.ts'
import type { Theme } from './setting.ts'
import type { Credentials } from './tokens.ts'

/** What requests are drawn for. */
interface Setting extends Pick<Credentials, 'tokens' | 'goodTokens'> {
  readonly trustDomains: readonly string[]
  readonly theme: Theme
}

const HTTP_PORTS = [8080, 8080, 8080, 8081, 8888, 9000]
/** Opaque bytes are only sent where the workload does not declare HTTP. */
const TCP_PORTS = [9000, 3306, 8888]
const TCP_ALPNS = [[], ['foo'], ['istio-peer-exchange', 'istio']]
const HTTP_ALPNS = [...TCP_ALPNS, ['http/1.1'], ['istio-http/1.1'], ['istio-h2', 'h2']]

/** A request or connection that a client may send. */
export function drawRequest(dice: Random, setting: Setting): Request {
  const isTcp = oneIn(dice, 4)
  const peer = drawPeer(dice, setting.trustDomains, isTcp ? TCP_ALPNS : HTTP_ALPNS)
  const connection = { sourceIp: pick(dice, SOURCE_IPS), peer }
  if (isTcp) return { id: 'tcp', protocol: 'tcp', port: pick(dice, TCP_PORTS), ...connection }
  const path = pick(dice, oneIn(dice, 3) ? PATHS : PATHS.slice(0, 24))
  const tokens = oneIn(dice, 3) ? setting.tokens : setting.goodTokens
  return {
    id: 'http',
    protocol: 'http',
    port: pick(dice, HTTP_PORTS),
    ...connection,
    method: oneIn(dice, 40) ? pick(dice, ['get', 'FOO']) : pick(dice, METHODS),
    path: withQuery(dice, path, tokens),
    ...(oneIn(dice, 40) ? {} : { host: pick(dice, HOSTS) }),
    headers: [...drawTokens(dice, tokens, setting.theme === 'token' ? 1 : 2), ...drawHeaders(dice)],
  }
}

function drawPeer(
  dice: Random,
  trustDomains: readonly string[],
  alpns: readonly (readonly string[])[],
): RequestPeer | null {
  if (oneIn(dice, 4)) return null
  const noCert = oneIn(dice, 25) ? { noCert: true, uriSans: [] } : {}
  return {
    uriSans: [
      drawSan(dice, trustDomains),
      ...(oneIn(dice, 8) ? [drawSan(dice, [...trustDomains, 'other.local'])] : []),
    ],
    sni: pick(dice, SNIS),
    alpn: oneIn(dice, 6) ? pick(dice, alpns) : null,
    ...(oneIn(dice, 20) ? { dnsSans: ['web.foo.svc'] } : {}),
    ...noCert,
  }
}

function drawSan(dice: Random, trustDomains: readonly string[]): string {
  const domain = oneIn(dice, 20) ? 'foreign.td' : pick(dice, trustDomains)
  if (oneIn(dice, 15)) return pick(dice, [`spiffe://${domain}/custom/path`, `spiffe://${domain}/ns/foo/x/sa/bar`])
  return `spiffe://${domain}/ns/${pick(dice, NAMESPACES)}/sa/${pick(dice, ACCOUNTS)}`
}

function withQuery(dice: Random, path: string, tokens: readonly string[]): string {
  if (!oneIn(dice, 8)) return path + pick(dice, QUERIES)
  const param = `${pick(dice, ['tk', 'access_token', 'TK'])}=${pick(dice, tokens)}`
  return `${path}?${pick(dice, [[param], ['a=1', param], [param, 'b=2'], [param, 'c', param]]).join('&')}`
}

type Draw = readonly [oneIn: number, draw: () => Header]

function some(dice: Random, draws: readonly Draw[]): readonly Header[] {
  return draws.filter(([sides]) => oneIn(dice, sides)).map(([, draw]) => draw())
}

/** Tokens where rules look for them, one in `rarity` requests with one where rules look by default. */
function drawTokens(dice: Random, tokens: readonly string[], rarity: number): readonly Header[] {
  const token = () => pick(dice, tokens)
  const bearer = ['Bearer ', 'Bearer ', 'Bearer ', 'Bearer ', 'bearer ', 'Digest x, Bearer  ', '']
  return some(dice, [
    [rarity, () => ['authorization', pick(dice, bearer) + token()]],
    [30, () => ['Authorization', `Bearer ${token()}`]],
    [4, () => ['X-JWT', pick(dice, ['Tok ', 'Tok', '']) + token()]],
    [5, () => ['cookie', `${pick(dice, ['a=b; sess=', 'sess=', 'SESS='])}${token()}`]],
    [20, () => ['cookie', `sess=${token()}; c=d`]],
  ])
}

function drawHeaders(dice: Random): readonly Header[] {
  return some(dice, [
    [3, () => ['x-env', pick(dice, HEADER_VALUES)]],
    [6, () => ['X-Env', pick(dice, HEADER_VALUES)]],
    [8, () => ['x-claim', pick(dice, HEADER_VALUES)]],
    [4, () => ['x-forwarded-for', pick(dice, FORWARDED_FOR)]],
    [12, () => ['x-forwarded-for', pick(dice, FORWARDED_FOR)]],
    [4, () => ['x-ext-authz', pick(dice, ['deny', 'allow', 'please deny'])]],
    [5, () => ['origin', 'https://shop.example.com']],
    [5, () => ['access-control-request-method', 'POST']],
    [20, () => ['x-forwarded-client-cert', 'URI=spiffe://cluster.local/ns/foo/sa/bar']],
  ])
}
