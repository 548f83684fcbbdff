import { hostname } from 'node:os'
import type { SubjectNames } from '../pki/profile.ts'

/** What the service's own certificate is good for: its SPIFFE ID, the names that Istio's clients dial, this host. */
export function servingNames(config: {
  readonly trustDomain: string
  readonly rootNamespace: string
  readonly server: { readonly dnsNames: readonly string[] }
}): Required<SubjectNames> {
  const namespace = config.rootNamespace
  const builtIn = [`istiod.${namespace}.svc`, `istiod.${namespace}`, 'istiod', 'localhost']
  const host = hostname().toLowerCase()
  return {
    uri: `spiffe://${config.trustDomain}/ns/${namespace}/sa/alcazar`,
    dns: [...new Set([...builtIn, ...(isDnsName(host) ? [host] : []), ...config.server.dnsNames])],
    ips: ['127.0.0.1', '::1'],
  }
}

/** RFC 1123 labels: a host name may hold anything, a DNS SAN may not. */
function isDnsName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
}
