import type { Kind } from './resource.ts'
import { AUTHORIZATION_POLICY } from './schema/authorization-policy.ts'
import type { ObjectNode } from './schema/node.ts'
import { PEER_AUTHENTICATION } from './schema/peer-authentication.ts'
import { REQUEST_AUTHENTICATION } from './schema/request-authentication.ts'
import { WORKLOAD_ENTRY } from './schema/workload-entry.ts'

/** How documents of one kind are written. */
interface KindForm {
  /** Accepted versions; the first is the one to write. */
  readonly apiVersions: readonly [string, ...string[]]
  readonly spec: ObjectNode
  readonly needsSpec: boolean
}

const SECURITY = ['security.istio.io/v1', 'security.istio.io/v1beta1'] as const
const NETWORKING = ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'] as const

/** The kinds that are stored, as Istio's CRDs define them. */
export const KIND_FORMS = {
  AuthorizationPolicy: { apiVersions: SECURITY, spec: AUTHORIZATION_POLICY, needsSpec: false },
  PeerAuthentication: { apiVersions: SECURITY, spec: PEER_AUTHENTICATION, needsSpec: false },
  RequestAuthentication: { apiVersions: SECURITY, spec: REQUEST_AUTHENTICATION, needsSpec: false },
  WorkloadEntry: { apiVersions: NETWORKING, spec: WORKLOAD_ENTRY, needsSpec: true },
} as const satisfies Readonly<Record<Kind, KindForm>>
