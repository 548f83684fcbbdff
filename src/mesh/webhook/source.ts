import type { Source } from '../resource.ts'
import { problemOfIpBlock, problemOfServiceAccount, problemOfTrustDomain } from './check-text.ts'
import { checkEach, type Objector, problemOfEmpty } from './objector.ts'

const MAX_SERVICE_ACCOUNTS = 16
const PLAIN = [
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'namespaces',
  'notNamespaces',
] as const
const IP_BLOCKS = ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'] as const
const SERVICE_ACCOUNTS = ['serviceAccounts', 'notServiceAccounts'] as const
const TRUST_DOMAINS = ['trustDomains', 'notTrustDomains'] as const
const ALL = [...PLAIN, ...IP_BLOCKS, ...SERVICE_ACCOUNTS, ...TRUST_DOMAINS] as const
const NOT_BESIDE_SERVICE_ACCOUNTS = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const
const NOT_IN_CUSTOM = [...PLAIN, ...SERVICE_ACCOUNTS, ...TRUST_DOMAINS] as const
/** What the webhook takes for something that a TCP connection has; trust domains are not counted, though they would be. */
const TCP_CAPABLE = [...NOT_BESIDE_SERVICE_ACCOUNTS, ...IP_BLOCKS, ...SERVICE_ACCOUNTS] as const

type Field = keyof Source

/** True if one of the fields has a value. */
function hasAny(source: Source, fields: readonly Field[]): boolean {
  return fields.some((field) => (source[field]?.length ?? 0) > 0)
}

/** True if the source says something of a TCP connection, as the webhook counts it. */
export function isTcpCapable(source: Source): boolean {
  return hasAny(source, TCP_CAPABLE)
}

export function checkSource(path: string, source: Source, say: Objector): void {
  if (!hasAny(source, ALL)) say.error(path, 'source-empty')
  if (hasAny(source, SERVICE_ACCOUNTS) && hasAny(source, NOT_BESIDE_SERVICE_ACCOUNTS)) {
    say.error(path, 'serviceaccounts-mixed')
  }
  for (const field of PLAIN) checkEach(source[field], { path: `${path}.${field}`, say }, problemOfEmpty)
  for (const field of IP_BLOCKS) {
    const at = { path: `${path}.${field}`, say }
    checkEach(source[field], at, problemOfIpBlock)
    checkEach(source[field], at, problemOfEmpty)
  }
  for (const field of SERVICE_ACCOUNTS) checkServiceAccounts(source[field], { path: `${path}.${field}`, say })
  for (const field of TRUST_DOMAINS) {
    const problemOf = (value: string) => (value.includes('/') ? 'trustdomain-slash' : problemOfTrustDomain(value))
    checkEach(source[field], { path: `${path}.${field}`, say }, (value) => problemOfEmpty(value) ?? problemOf(value))
  }
}

/** The first fault of a list hides the others: a long list is not looked into. */
export function checkServiceAccounts(
  values: readonly string[] | undefined,
  at: { readonly path: string; readonly say: Objector },
): void {
  if (values !== undefined && values.length > MAX_SERVICE_ACCOUNTS) at.say.error(at.path, 'serviceaccounts-too-many')
  else checkEach(values, at, problemOfServiceAccount)
}

/** Refuses what CUSTOM cannot match: it runs before tokens are verified, and its shadow rules lack identities. */
export function checkCustomSource(path: string, source: Source, say: Objector): void {
  for (const field of NOT_IN_CUSTOM) {
    if (hasAny(source, [field])) say.error(`${path}.${field}`, 'custom-unsupported-field')
  }
}
