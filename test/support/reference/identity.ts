import { matchesGlob, matchesPattern } from './patterns.ts'
import type { Mesh } from './row.ts'

const SCHEME = 'spiffe://'

/** `principals`: a pattern over a URI SAN, with the trust domain and its aliases standing for each other. */
export function matchesPrincipal(value: string, uriSans: readonly string[], mesh: Mesh): boolean {
  return principalsFor(value, mesh).some((principal) => uriSans.some((san) => isPrincipal(principal, san)))
}

function isPrincipal(principal: string, san: string): boolean {
  if (principal === '*') return san !== ''
  return principal.startsWith('*') ? matchesPattern(principal, san) : matchesPattern(SCHEME + principal, san)
}

function principalsFor(principal: string, mesh: Mesh): readonly string[] {
  const [domain = '', ...rest] = principal.split('/')
  if (rest.length !== 4 || domain === '*') return [principal]
  const domains = domainsOf(mesh)
  if (domain !== 'cluster.local' && !domains.some((own) => isSameDomain(domain, own))) return [principal]
  return domains.map((own) => {
    const staysAsWritten = domain.startsWith('*') && own.endsWith(domain.slice(1))
    return staysAsWritten ? principal : [own, ...rest].join('/')
  })
}

/** Equal, or one matches the other as a prefix or suffix pattern. */
function isSameDomain(one: string, other: string): boolean {
  return one === other || isWildcardFor(one, other) || isWildcardFor(other, one)
}

function isWildcardFor(pattern: string, text: string): boolean {
  if (pattern.startsWith('*') && text.endsWith(pattern.slice(1))) return true
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1))
}

function domainsOf(mesh: Mesh): readonly string[] {
  return [mesh.trustDomain, ...mesh.trustDomainAliases]
}

/** `trustDomains`: the authority of a URI SAN; a domain of the mesh stands for all of them. */
export function matchesTrustDomain(value: string, uriSans: readonly string[], mesh: Mesh): boolean {
  const domains = domainsOf(mesh)
  const wanted = domains.includes(value) ? domains : [value]
  return uriSans.some((san) => wanted.some((domain) => matchesGlob(domain, authorityOf(san))))
}

function authorityOf(san: string): string {
  return san.slice(SCHEME.length).split('/')[0] ?? ''
}

/** `namespaces`: a URI SAN holds `/ns/NAMESPACE/`, where `*` stands for anything. */
export function matchesNamespace(value: string, uriSans: readonly string[]): boolean {
  return uriSans.some((san) => matchesGlob(`*/ns/${value}/*`, san))
}

/** `serviceAccounts`: `ns/sa`, or `sa` in the namespace of the policy. */
export function matchesServiceAccount(value: string, uriSans: readonly string[], policyNamespace: string): boolean {
  const [namespace = '', account = ''] = value.includes('/') ? value.split('/') : [policyNamespace, value]
  return uriSans.some((san) => isAccount(san, `/ns/${namespace}/`, account))
}

/** SAN is `spiffe://…/ns/NS/[…/]sa/SA[/…]`. */
function isAccount(san: string, namespacePart: string, account: string): boolean {
  for (let at = san.indexOf(namespacePart); at >= 0; at = san.indexOf(namespacePart, at + 1)) {
    const rest = san.slice(at + namespacePart.length)
    const patterns = [`sa/${account}`, `sa/${account}/*`, `*/sa/${account}`, `*/sa/${account}/*`]
    if (at > SCHEME.length && patterns.some((pattern) => matchesGlob(pattern, rest))) return true
  }
  return false
}
