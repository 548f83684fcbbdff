import { isDnsSubdomain } from './dns-names.ts'
import { type Finding, toFinding } from './finding.ts'
import { lintAuthorizationPolicy } from './lint/authorization-policy.ts'
import type { Remark } from './lint/remark.ts'
import { lintRequestAuthentication } from './lint/request-authentication.ts'
import type { PeerAuthentication, Resource, WorkloadEntry } from './resource.ts'

const DEFAULT_ROOT_NAMESPACE = 'istio-system'
const MAX_REMARKS = 200

/** What a valid resource does that its author may not mean: Istio accepts all of it, without a word. */
export function lintResource(resource: Resource, rootNamespace = DEFAULT_ROOT_NAMESPACE): readonly Finding[] {
  const findings: Finding[] = []
  const say: Remark = (path, code, seen) => {
    if (findings.length < MAX_REMARKS) findings.push(toFinding('lint', { path, code }, { seen }))
  }
  switch (resource.kind) {
    case 'AuthorizationPolicy':
      lintAuthorizationPolicy(resource.spec, say)
      break
    case 'RequestAuthentication':
      lintRequestAuthentication(resource.spec, say)
      break
    case 'PeerAuthentication':
      lintPeerAuthentication(resource, rootNamespace, say)
      break
    case 'WorkloadEntry':
      lintWorkloadEntry(resource, say)
      break
  }
  return findings
}

function lintPeerAuthentication({ metadata, spec }: PeerAuthentication, rootNamespace: string, say: Remark): void {
  const labels = Object.keys(spec.selector?.matchLabels ?? {})
  if (labels.length > 0 && metadata.namespace === rootNamespace) say('spec.selector', 'dead-selector')
}

function lintWorkloadEntry({ spec }: WorkloadEntry, say: Remark): void {
  const { serviceAccount = '' } = spec
  if (serviceAccount === '') say('spec.serviceAccount', 'entry-without-identity')
  else if (!isDnsSubdomain(serviceAccount)) say('spec.serviceAccount', 'service-account-name', serviceAccount)
}
