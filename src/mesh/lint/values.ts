import type { FindingCode } from '../finding-codes.ts'
import { isPathTemplate } from '../webhook/path-template.ts'
import { hasLiteralStar } from './remark.ts'

const MAPPED = /^::ffff:(?:0:)?\d+\.\d+\.\d+\.\d+/i

export function lintPattern(value: string): FindingCode | null {
  return hasLiteralStar(value) ? 'literal-wildcard' : null
}

/** SANs are compared without their scheme, which Istio puts before what the policy says. */
export function lintPrincipal(value: string): FindingCode | null {
  return value.startsWith('spiffe://') ? 'dead-principal-scheme' : lintPattern(value)
}

/**
 * Istio splits at the last slash into issuer and subject, each with at most one wildcard; without a slash only a
 * leading or trailing wildcard leaves the other part open.
 */
export function lintRequestPrincipal(value: string): FindingCode | null {
  if (value === '*') return null
  const slash = value.lastIndexOf('/')
  if (slash === -1) return value.startsWith('*') || value.endsWith('*') ? lintPattern(value) : 'dead-request-principal'
  const issuer = value.slice(0, slash)
  const subject = value.slice(slash + 1)
  if (value.startsWith('*')) return subject.endsWith('*') ? 'dead-request-principal' : lintPattern(value)
  const isCutUrl = /^https?:\/$/.test(issuer)
  return isCutUrl || issuer === '' || subject === '' ? 'dead-request-principal' : lintPattern(value)
}

export function lintPath(value: string): FindingCode | null {
  if (!value.startsWith('/') && !value.startsWith('*') && !value.startsWith('{')) return 'dead-path'
  if (value.includes('?') || value.includes('#')) return 'dead-path'
  return isPathTemplate(value) ? null : lintPattern(value)
}

export function lintMethod(value: string): FindingCode | null {
  return value === value.toUpperCase() ? lintPattern(value) : 'dead-method'
}

export function lintPort(value: string): FindingCode | null {
  return Number(value) === 0 ? 'dead-port' : null
}

export function lintIpBlock(value: string): FindingCode | null {
  return MAPPED.test(value) ? 'dead-ip-mapped' : null
}

/** The ClientHello's name arrives in lower case, the pattern stays as written. */
export function lintServerName(value: string): FindingCode | null {
  return value === value.toLowerCase() ? lintPattern(value) : 'dead-sni-case'
}
