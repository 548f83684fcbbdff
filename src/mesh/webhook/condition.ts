import { nearMiss } from '../../kernel/near-miss.ts'
import type { FindingCode } from '../finding-codes.ts'
import type { Condition } from '../resource.ts'
import { problemOfIpBlock, problemOfPort, problemOfTrustDomain } from './check-text.ts'
import { checkEach, type Objector, problemOfEmpty } from './objector.ts'
import { checkServiceAccounts } from './source.ts'

type ValueCheck = ((value: string) => FindingCode | null) | 'service-accounts' | null

/** Keys that stand alone, and what their values must be (Istio, "Authorization Policy Conditions"). */
const PLAIN_KEYS: Readonly<Record<string, ValueCheck>> = {
  'source.ip': problemOfIpBlock,
  'source.namespace': null,
  'source.principal': null,
  'source.serviceAccount': 'service-accounts',
  'source.trustDomain': problemOfTrustDomain,
  'remote.ip': problemOfIpBlock,
  'request.auth.principal': null,
  'request.auth.audiences': null,
  'request.auth.presenter': null,
  'destination.ip': problemOfIpBlock,
  'destination.port': problemOfPort,
  'connection.sni': null,
}
/** Beginnings of keys that go on with `[name]`. */
const MAP_KEYS = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'] as const
const RETIRED_KEYS: ReadonlySet<string> = new Set(['destination.namespace', 'destination.name', 'destination.user'])
const RETIRED_MAP_KEY = 'destination.labels'
const KNOWN_KEYS = [...Object.keys(PLAIN_KEYS), ...MAP_KEYS]

/** Keys of identities and tokens, neither of which CUSTOM can see. */
const NOT_IN_CUSTOM: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.serviceAccount',
  'source.principal',
  'source.trustDomain',
])

/** Checks one `when`; a condition that was null in the list is empty here. */
export function checkCondition(path: string, condition: Partial<Condition>, say: Objector): void {
  const { key = '', values = [], notValues = [] } = condition
  if (key === '') say.error(`${path}.key`, 'when-key-empty')
  else if (values.length === 0 && notValues.length === 0) say.error(path, 'when-no-values')
  else {
    checkKey(`${path}.key`, key, say)
    checkValues({ path: `${path}.values`, say }, key, values)
    checkValues({ path: `${path}.notValues`, say }, key, notValues)
  }
}

function checkKey(path: string, key: string, say: Objector): void {
  const code = problemOfKey(key)
  if (code === null) return
  const name = key.split('[', 1)[0] ?? key
  const suggestion = code === 'when-key-unknown' ? nearMiss(name, KNOWN_KEYS) : null
  say.error(path, code, { seen: key, suggestion })
}

/** Refuses conditions that CUSTOM cannot match. */
export function checkCustomCondition(path: string, { key = '' }: Partial<Condition>, say: Objector): void {
  if (NOT_IN_CUSTOM.has(key) || key.startsWith('request.auth.')) {
    say.error(`${path}.key`, 'custom-unsupported-field', { seen: key })
  }
}

function problemOfKey(key: string): FindingCode | null {
  if (Object.hasOwn(PLAIN_KEYS, key)) return null
  if (MAP_KEYS.some((start) => key.startsWith(start))) return isMapKey(key) ? null : 'when-key-format'
  return RETIRED_KEYS.has(key) || key.startsWith(RETIRED_MAP_KEY) ? 'when-key-retired' : 'when-key-unknown'
}

/** `a[b]` with something before, inside and nothing behind the brackets. */
function isMapKey(key: string): boolean {
  const open = key.indexOf('[')
  return open > 0 && key.endsWith(']') && open < key.length - 2
}

/** An empty value hides what else is wrong with its list. */
function checkValues(
  at: { readonly path: string; readonly say: Objector },
  key: string,
  values: readonly string[],
): void {
  const check = Object.hasOwn(PLAIN_KEYS, key) ? (PLAIN_KEYS[key] ?? null) : null
  if (values.includes('')) checkEach(values, at, problemOfEmpty)
  else if (check === 'service-accounts') checkServiceAccounts(values, at)
  else if (check !== null) checkEach(values, at, check)
}
