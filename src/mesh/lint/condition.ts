import type { FindingCode } from '../finding-codes.ts'
import type { Condition } from '../resource.ts'
import { type Remark, remarkEach } from './remark.ts'
import { lintIpBlock, lintPattern, lintPort, lintPrincipal, lintRequestPrincipal, lintServerName } from './values.ts'

type ValueLint = (value: string) => FindingCode | null

const LINTS: Readonly<Record<string, ValueLint>> = {
  'source.ip': lintIpBlock,
  'source.principal': lintPrincipal,
  'remote.ip': lintIpBlock,
  'request.auth.principal': lintRequestPrincipal,
  'request.auth.audiences': lintPattern,
  'request.auth.presenter': lintPattern,
  'destination.ip': lintIpBlock,
  'destination.port': lintPort,
  'connection.sni': lintServerName,
}
/** Keys of which an absent identity has no value. */
const IDENTITY_KEYS: ReadonlySet<string> = new Set([
  'source.principal',
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'request.auth.principal',
  'connection.sni',
])
/** Claims that Envoy splits at blanks whatever the policy says. */
const SPLIT_CLAIMS: ReadonlySet<string> = new Set(['request.auth.claims[scope]', 'request.auth.claims[permission]'])
const HEADERS = 'request.headers'
const CLAIMS = 'request.auth.claims'

/** Remarks on one `when` that says something else than it seems to. */
export function lintCondition(path: string, condition: Condition, say: Remark): void {
  const { key, values = [], notValues = [] } = condition
  const start = [HEADERS, CLAIMS].find((name) => key.startsWith(name))
  if (start !== undefined && key[start.length] !== '[') say(`${path}.key`, 'dead-header-key', key)
  if (key === 'remote.ip') say(`${path}.key`, 'remote-ip-spoofable')
  if (notValues.length > 0 && IDENTITY_KEYS.has(key)) say(`${path}.notValues`, 'negative-matches-absent')
  const lint = lintOf(key)
  remarkEach(values, { path: `${path}.values`, say }, lint)
  remarkEach(notValues, { path: `${path}.notValues`, say }, lint)
}

function lintOf(key: string): ValueLint {
  if (SPLIT_CLAIMS.has(key)) return (value) => (/\s/.test(value) ? 'dead-claim-blank' : lintPattern(value))
  if (Object.hasOwn(LINTS, key)) return LINTS[key] ?? lintPattern
  return key.startsWith(HEADERS) || key.startsWith(CLAIMS) ? lintPattern : () => null
}
