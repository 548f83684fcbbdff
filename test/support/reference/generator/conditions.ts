import type { Condition } from '../../../../src/mesh/resource.ts'
import type { Random } from '../../der-mutations.ts'
import {
  ACCOUNTS,
  HOST_PATTERNS,
  IP_BLOCKS,
  METHOD_PATTERNS,
  NAMESPACES,
  PATH_PATTERNS,
  PORT_VALUES,
  SNI_PATTERNS,
  TRUST_DOMAINS,
  WORD_PATTERNS,
} from './alphabet.ts'
import { pick, pickSome, times } from './dice.ts'
import type { Theme } from './setting.ts'
import { ISSUERS } from './tokens.ts'

const PRINCIPAL_SHAPES = [
  (td: string, ns: string, sa: string) => `${td}/ns/${ns}/sa/${sa}`,
  (td: string, ns: string, sa: string) => `${td}/ns/${ns}/sa/${sa}`,
  (td: string, ns: string) => `${td}/ns/${ns}/*`,
  (td: string, ns: string, sa: string) => `*${td.slice(-4)}/ns/${ns}/sa/${sa}`,
  (td: string, ns: string, sa: string) => `${td.slice(0, 2)}*/ns/${ns}/sa/${sa}`,
  (_: string, ns: string, sa: string) => `*/ns/${ns}/sa/${sa}`,
  (_: string, __: string, sa: string) => `*/sa/${sa}`,
  (_: string, __: string, sa: string) => `*${sa}`,
  (td: string) => `${td}/*`,
  (td: string, ns: string, sa: string) => `${td}/ns/${ns}/sa/${sa.slice(0, 2)}*`,
  (td: string, ns: string, sa: string) => `${td}/ns/${ns}/x/sa/${sa}`,
  (td: string, ns: string, sa: string) => `spiffe://${td}/ns/${ns}/sa/${sa}`,
  () => '*',
]

/** A value of `principals`. */
export function drawPrincipal(dice: Random): string {
  return pick(dice, PRINCIPAL_SHAPES)(pick(dice, TRUST_DOMAINS), pick(dice, NAMESPACES), pick(dice, ACCOUNTS))
}

/** A value of `serviceAccounts`. */
export function drawServiceAccount(dice: Random): string {
  const account = pick(dice, ACCOUNTS)
  return pick(dice, [account, `${pick(dice, NAMESPACES)}/${account}`])
}

export const NAMESPACE_PATTERNS = [...NAMESPACES, 'fo*', '*prod', 'f*o', '*', 'f.o'] as const
export const TRUST_DOMAIN_PATTERNS = [...TRUST_DOMAINS, 'td*', '*local', '*'] as const
export const REQUEST_PRINCIPALS = [
  '*',
  ...ISSUERS.map((issuer) => `${issuer}/alice`),
  ...ISSUERS.map((issuer) => `${issuer}/*`),
  'iss1/al*',
  '*1/alice',
  '*/bob',
  '*lice',
  'iss*',
  'iss1',
  'https://idp*',
  '*/*',
  'https://idp.example.com/bob/x',
] as const

const WORD_KEYS = [
  'request.headers[x-env]',
  'request.headers[X-Env]',
  'request.headers[x-claim]',
  'request.headers[x-forwarded-for]',
  'request.auth.claims[role]',
  'request.auth.claims[groups]',
  'request.auth.claims[scope]',
  'request.auth.claims[permission]',
  'request.auth.claims[custom]',
  'request.auth.claims[ctx][dept]',
  'request.auth.claims[ctx][roles]',
  'request.auth.claims[ctx]',
  'request.auth.claims[ctx.dept]',
  'request.auth.claims[n]',
  'request.auth.claims[Role]',
  'experimental.envoy.filters.network.x[y]',
] as const

type DrawValue = (dice: Random) => string
const oneOf =
  (list: readonly string[]): DrawValue =>
  (dice) =>
    pick(dice, list)

const TCP_KEYS: readonly (readonly [string, DrawValue])[] = [
  ['source.ip', oneOf(IP_BLOCKS)],
  ['remote.ip', oneOf(IP_BLOCKS)],
  ['destination.ip', oneOf(IP_BLOCKS)],
  ['destination.port', oneOf(PORT_VALUES)],
  ['connection.sni', oneOf(SNI_PATTERNS)],
]
const PLAIN_KEYS: readonly (readonly [string, DrawValue])[] = [
  ...TCP_KEYS,
  ['request.headers[x-env]', oneOf(WORD_PATTERNS)],
  ['request.headers[:method]', oneOf(METHOD_PATTERNS)],
  ['request.headers[:path]', oneOf(PATH_PATTERNS)],
  ['request.headers[:authority]', oneOf(HOST_PATTERNS)],
  ['request.headers[:scheme]', oneOf(['https', 'http', '*'])],
  ['request.headers[host]', oneOf(HOST_PATTERNS)],
  ['request.headers[authorization]', oneOf(['Bearer *', '*'])],
  ['request.headers[cookie]', oneOf(['sess=*', '*'])],
  ['request.headers[x-forwarded-client-cert]', oneOf(['*'])],
]
const TOKEN_KEYS: readonly (readonly [string, DrawValue])[] = [
  ['request.auth.principal', oneOf(REQUEST_PRINCIPALS)],
  ['request.auth.audiences', oneOf(['api', 'web', 'w*', '*'])],
  ['request.auth.presenter', oneOf(['cli', 'web', '*'])],
  ['request.auth.claims[iss]', oneOf(['iss1', 'corp', 'https*', '*'])],
  ['request.auth.claims[sub]', oneOf(['alice', 'al*', '*b', '*'])],
  ...WORD_KEYS.map((key) => [key, oneOf(WORD_PATTERNS)] as const),
]
const KEYS: readonly (readonly [string, DrawValue])[] = [
  ...PLAIN_KEYS,
  ['source.principal', drawPrincipal],
  ['source.namespace', oneOf(NAMESPACE_PATTERNS)],
  ['source.serviceAccount', drawServiceAccount],
  ['source.trustDomain', oneOf(TRUST_DOMAIN_PATTERNS)],
  ...TOKEN_KEYS,
]

/** What rules look at; CUSTOM policies may look neither at the peer nor at tokens. */
export type Focus = Theme | 'custom'

const KEYS_BY_FOCUS = { any: KEYS, token: TOKEN_KEYS, custom: PLAIN_KEYS }

/** A condition of any kind that the focus allows. */
export function drawCondition(dice: Random, focus: Focus): Condition {
  const [key, draw] = pick(dice, KEYS_BY_FOCUS[focus])
  const values = () => [...new Set(times(1 + dice(2), () => draw(dice)))]
  const shape = pick(dice, ['values', 'values', 'notValues', 'both'])
  if (shape === 'both') return { key, values: values(), notValues: pickSome(dice, values(), 1) }
  return shape === 'values' ? { key, values: values() } : { key, notValues: values() }
}
