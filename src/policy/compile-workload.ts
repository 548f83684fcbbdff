import type { MeshSettings } from '../mesh/mesh-settings.ts'
import type { AuthorizationPolicy, PeerAuthentication, Policy, RequestAuthentication } from '../mesh/resource.ts'
import type { Workload } from '../mesh/workload.ts'
import { type Authorization, compileAuthorization } from './compile-authorization.ts'
import type { Protocol } from './compile-rule.ts'
import { compilePeerModes, createdAt, type PeerModes } from './peer-mode.ts'
import { type RuleCompiler, trustDomainsOf } from './rule-compiler.ts'
import { isFor } from './select.ts'

/** Everything that decides for one workload. */
export interface CompiledWorkload {
  readonly workload: Workload
  readonly mesh: MeshSettings
  readonly trustDomains: readonly string[]
  readonly peerModes: PeerModes
  readonly requestAuthentications: readonly RequestAuthentication[]
  /** The AuthorizationPolicies, compiled for the protocol at the first use. */
  readonly authorization: (protocol: Protocol) => Authorization
}

export interface WorkloadContext {
  readonly mesh: MeshSettings
  readonly compile: RuleCompiler
}

/** Selects and compiles what is for the workload; `policies` hold at least those of its and the root namespace. */
export function compileWorkload(
  workload: Workload,
  policies: readonly Policy[],
  { mesh, compile }: WorkloadContext,
): CompiledWorkload {
  const { rootNamespace, extensionProviders } = mesh
  const authorization: AuthorizationPolicy[] = []
  const request: RequestAuthentication[] = []
  const peer: PeerAuthentication[] = []
  for (const policy of policies) {
    if (policy.kind === 'PeerAuthentication') peer.push(policy)
    else if (!isFor(policy, workload, rootNamespace)) continue
    else if (policy.kind === 'AuthorizationPolicy') authorization.push(policy)
    else request.push(policy)
  }
  const compiled: Partial<Record<Protocol, Authorization>> = {}
  return {
    workload,
    mesh,
    trustDomains: trustDomainsOf(mesh),
    peerModes: compilePeerModes(peer, workload, rootNamespace),
    requestAuthentications: request.toSorted(inIstiodsOrder(rootNamespace)),
    authorization(protocol) {
      compiled[protocol] ??= compileAuthorization(authorization, { compile, protocol, extensionProviders })
      return compiled[protocol]
    },
  }
}

/** Those of the root namespace first, then the older, then by name. */
function inIstiodsOrder(rootNamespace: string) {
  const rank = ({ metadata }: RequestAuthentication) => (metadata.namespace === rootNamespace ? 0 : 1)
  return (a: RequestAuthentication, b: RequestAuthentication): number =>
    rank(a) - rank(b) || createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1)
}
