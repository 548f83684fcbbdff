import { printable } from '../kernel/printable.ts'

/** The kinds of resource that Alcazar stores, spelled as in YAML. */
export const KINDS = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication', 'WorkloadEntry'] as const
export type Kind = (typeof KINDS)[number]

export type StringMap = Readonly<Record<string, string>>

export interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly labels?: StringMap
  readonly annotations?: StringMap
  /** RFC 3339; older objects win among equals (PeerAuthentication). */
  readonly creationTimestamp?: string
}

export interface Selector {
  readonly matchLabels?: StringMap
}

export interface TargetRef {
  readonly group?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** Which workloads of its scope a policy is for. */
export interface Scope {
  readonly selector?: Selector
  readonly targetRef?: TargetRef
  readonly targetRefs?: readonly TargetRef[]
}

export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'

export interface Source {
  readonly principals?: readonly string[]
  readonly notPrincipals?: readonly string[]
  readonly requestPrincipals?: readonly string[]
  readonly notRequestPrincipals?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly notNamespaces?: readonly string[]
  readonly serviceAccounts?: readonly string[]
  readonly notServiceAccounts?: readonly string[]
  readonly trustDomains?: readonly string[]
  readonly notTrustDomains?: readonly string[]
  readonly ipBlocks?: readonly string[]
  readonly notIpBlocks?: readonly string[]
  readonly remoteIpBlocks?: readonly string[]
  readonly notRemoteIpBlocks?: readonly string[]
}

export interface Operation {
  readonly hosts?: readonly string[]
  readonly notHosts?: readonly string[]
  readonly ports?: readonly string[]
  readonly notPorts?: readonly string[]
  readonly methods?: readonly string[]
  readonly notMethods?: readonly string[]
  readonly paths?: readonly string[]
  readonly notPaths?: readonly string[]
}

export interface Condition {
  readonly key: string
  readonly values?: readonly string[]
  readonly notValues?: readonly string[]
}

export interface Rule {
  readonly from?: readonly { readonly source?: Source }[] | null
  readonly to?: readonly { readonly operation?: Operation }[] | null
  readonly when?: readonly Condition[] | null
}

export interface AuthorizationPolicySpec extends Scope {
  readonly action?: Action
  readonly provider?: { readonly name: string }
  readonly rules?: readonly Rule[] | null
}

export interface JwtHeader {
  readonly name: string
  readonly prefix?: string
}

export interface ClaimToHeader {
  readonly header: string
  readonly claim: string
}

export interface JwtRule {
  readonly issuer?: string
  readonly audiences?: readonly string[]
  readonly jwksUri?: string
  readonly jwks?: string
  readonly fromHeaders?: readonly JwtHeader[]
  readonly fromParams?: readonly string[]
  readonly fromCookies?: readonly string[]
  readonly outputPayloadToHeader?: string
  readonly forwardOriginalToken?: boolean
  readonly outputClaimToHeaders?: readonly ClaimToHeader[]
  /** A duration as Go reads it, such as `5s` or `1m30s`; `goDurationMs` tells how long it is. */
  readonly timeout?: string
  readonly spaceDelimitedClaims?: readonly string[]
}

export interface RequestAuthenticationSpec extends Scope {
  readonly jwtRules?: readonly JwtRule[] | null
}

export type MutualTlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT'

interface PeerAuthenticationSpec {
  readonly selector?: Selector
  readonly mtls?: { readonly mode?: MutualTlsMode } | null
  readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MutualTlsMode } | null>>
}

/** Where a workload is and what it is; `ports` maps a name such as `http-web` to a number. */
export interface WorkloadEntrySpec {
  readonly address?: string
  readonly ports?: Readonly<Record<string, number>>
  readonly labels?: StringMap
  readonly network?: string
  readonly locality?: string
  readonly weight?: number
  readonly serviceAccount?: string
}

interface ResourceOf<K extends Kind, S> {
  readonly apiVersion: string
  readonly kind: K
  readonly metadata: Metadata
  readonly spec: S
}

export type AuthorizationPolicy = ResourceOf<'AuthorizationPolicy', AuthorizationPolicySpec>
export type RequestAuthentication = ResourceOf<'RequestAuthentication', RequestAuthenticationSpec>
export type PeerAuthentication = ResourceOf<'PeerAuthentication', PeerAuthenticationSpec>
export type WorkloadEntry = ResourceOf<'WorkloadEntry', WorkloadEntrySpec>

/** A stored object: both of Istio's layers of validation let it pass. */
export type Resource = AuthorizationPolicy | RequestAuthentication | PeerAuthentication | WorkloadEntry
/** A resource that decisions depend on. */
export type Policy = Exclude<Resource, WorkloadEntry>

/** Identifies a resource among the stored ones. */
export interface ResourceKey {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

/** `kind/namespace/name`, unique among resources. */
export function toKeyText({ kind, namespace, name }: ResourceKey): string {
  return `${kind}/${namespace}/${name}`
}

/** For a message: the kind and `namespace/name`, whatever a stranger wrote there. */
export function toNameText({ kind, namespace, name }: ResourceKey): string {
  return `${kind} \`${printable(`${namespace}/${name}`, 320)}\``
}
