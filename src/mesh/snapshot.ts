import { KINDS, type Kind, type Policy, type Resource, type ResourceKey, type WorkloadEntry } from './resource.ts'
import type { StoredResource } from './resource-store.ts'
import { toAddressKey } from './workload-address.ts'

/** What one namespace holds. A part that a change does not touch stays the same object, so it serves as a cache key. */
export interface NamespaceResources {
  /** By `kind/name`. */
  readonly stored: ReadonlyMap<string, StoredResource>
  /** By kind, then by name. */
  readonly policies: readonly Policy[]
  /** By name. */
  readonly workloads: readonly WorkloadEntry[]
  /** Entries by their service account; those without one are in none. */
  readonly byAccount: ReadonlyMap<string, readonly WorkloadEntry[]>
}

/** All stored resources at one version, immutable: a decision looks at one and never at two. */
export interface ResourceSet {
  /** Grows by one with each change, across restarts. */
  readonly version: number
  /** How many resources there are. */
  readonly size: number
  /** Only those that hold something. */
  readonly namespaces: ReadonlyMap<string, NamespaceResources>
  /** Entries of every namespace by `toAddressKey`. */
  readonly byAddress: ReadonlyMap<string, readonly WorkloadEntry[]>
}

const NO_POLICIES: readonly Policy[] = []
const NO_ENTRIES: readonly WorkloadEntry[] = []

/** A set without resources. */
export function emptySet(version: number): ResourceSet {
  return { version, size: 0, namespaces: new Map(), byAddress: new Map() }
}

/** `kind/name`, unique in a namespace. */
export function toLocalKey(kind: Kind, name: string): string {
  return `${kind}/${name}`
}

/** What identifies a resource. */
export function keyOf({ kind, metadata: { namespace, name } }: Resource): ResourceKey {
  return { kind, namespace, name }
}

export function findResource(set: ResourceSet, { kind, namespace, name }: ResourceKey): StoredResource | null {
  return set.namespaces.get(namespace)?.stored.get(toLocalKey(kind, name)) ?? null
}

/** How many resources there are of each kind. */
export function countKinds(set: ResourceSet): ReadonlyMap<Kind, number> {
  const counts = new Map<Kind, number>(KINDS.map((kind) => [kind, 0]))
  for (const { policies, workloads } of set.namespaces.values()) {
    for (const { kind } of policies) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    counts.set('WorkloadEntry', (counts.get('WorkloadEntry') ?? 0) + workloads.length)
  }
  return counts
}

/** The policies of a namespace; the same array as long as none of them changes. */
export function policiesIn(set: ResourceSet, namespace: string): readonly Policy[] {
  return set.namespaces.get(namespace)?.policies ?? NO_POLICIES
}

export function workloadNamed(set: ResourceSet, namespace: string, name: string): WorkloadEntry | null {
  const resource = findResource(set, { kind: 'WorkloadEntry', namespace, name })?.resource
  return resource?.kind === 'WorkloadEntry' ? resource : null
}

/** Every entry that runs under a service account. */
export function workloadsOfAccount(set: ResourceSet, namespace: string, account: string): readonly WorkloadEntry[] {
  return set.namespaces.get(namespace)?.byAccount.get(account) ?? NO_ENTRIES
}

/** Every entry with this address, however it is written. */
export function workloadsAt(set: ResourceSet, address: string): readonly WorkloadEntry[] {
  return set.byAddress.get(toAddressKey(address)) ?? NO_ENTRIES
}
