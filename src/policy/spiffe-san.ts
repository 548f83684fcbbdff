/** Where a URI SAN names its trust domain; empty when it is no SPIFFE id. */
export function trustDomainOf(san: string): string {
  if (!san.startsWith(SCHEME)) return ''
  const end = san.indexOf('/', SCHEME.length)
  return end < 0 ? '' : san.slice(SCHEME.length, end)
}

export const SCHEME = 'spiffe://'

/** Every segment that follows a segment `ns` and is not the last; Istio looks for the namespace anywhere in the SAN. */
export function namespacesOf(san: string): string[] {
  return segmentsAfter(san, '/ns/').filter((namespace) => san.includes(`/ns/${namespace}/`))
}

/** Every `NS/SA` that the SAN may stand for: see `hasServiceAccount`. */
export function serviceAccountsOf(san: string): string[] {
  const accounts = segmentsAfter(san, '/sa/')
  return namespacesOf(san).flatMap((namespace) => accounts.map((account) => `${namespace}/${account}`))
}

function segmentsAfter(san: string, marker: string): string[] {
  const found: string[] = []
  for (let at = san.indexOf(marker); at >= 0; at = san.indexOf(marker, at + 1)) {
    const end = san.indexOf('/', at + marker.length)
    found.push(san.slice(at + marker.length, end < 0 ? undefined : end))
  }
  return found
}

/** Whether the SAN is `spiffe://…/ns/NS/[…/]sa/SA[/…]`. */
export function hasServiceAccount(san: string, namespace: string, account: string): boolean {
  if (!san.startsWith(SCHEME)) return false
  const inNamespace = `/ns/${namespace}/`
  const at = san.indexOf(inNamespace, SCHEME.length)
  if (at < 0) return false
  const wanted = `/sa/${account}`
  const from = at + inNamespace.length - 1
  for (let found = san.indexOf(wanted, from); found >= 0; found = san.indexOf(wanted, found + 1)) {
    const end = found + wanted.length
    if (end === san.length || san[end] === '/') return true
  }
  return false
}
