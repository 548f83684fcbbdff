import { isIPv4, isIPv6 } from 'node:net'
import type { FindingCode } from '../finding-codes.ts'

const MAX_SERVICE_ACCOUNT = 320

/** What is wrong with an IP address or CIDR block, as Go's `netip.ParseAddr` and `ParsePrefix` read it; null for nothing. */
export function problemOfIpBlock(text: string): FindingCode | null {
  const slash = text.indexOf('/')
  if (slash === -1) return isAddress(text) ? null : 'ip-bad'
  const address = text.slice(0, slash)
  const bits = text.slice(slash + 1)
  const max = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1
  return /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= max ? null : 'cidr-bad'
}

/** True for an address that `netip.ParseAddr` reads: no leading zeros, an IPv6 zone that is not empty allowed. */
export function isAddress(text: string): boolean {
  if (isIPv4(text)) return true
  const percent = text.indexOf('%')
  if (percent === -1) return isIPv6(text)
  return percent < text.length - 1 && isIPv6(text.slice(0, percent))
}

/** Null for decimal digits, leading zeros allowed, in 0..65535. */
export function problemOfPort(text: string): FindingCode | null {
  return /^\d+$/.test(text) && Number(text) <= 65_535 ? null : 'port-bad'
}

/** What is wrong with `name` or `namespace/name`; null for nothing. */
export function problemOfServiceAccount(text: string): FindingCode | null {
  if (text === '') return 'value-empty'
  if (text.includes('*')) return 'serviceaccount-wildcard'
  const parts = text.split('/')
  if (parts.length > 2) return 'serviceaccount-format'
  if (Buffer.byteLength(text) > MAX_SERVICE_ACCOUNT) return 'serviceaccount-too-long'
  return parts.includes('') ? 'serviceaccount-format' : null
}

/** What is wrong with a trust domain pattern, which may have one `*` as first or last character; null for nothing. */
export function problemOfTrustDomain(text: string): FindingCode | null {
  const star = text.indexOf('*')
  if (star === -1) return null
  if (text.includes('*', star + 1)) return 'wildcard-count'
  return star === 0 || star === text.length - 1 ? null : 'wildcard-position'
}
