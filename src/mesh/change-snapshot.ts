import { compareTexts } from '../kernel/compare-texts.ts'
import type { Policy, Resource, ResourceKey, WorkloadEntry } from './resource.ts'
import type { ResourceChange, StoredResource } from './resource-store.ts'
import { findResource, keyOf, type NamespaceResources, type ResourceSet, toLocalKey } from './snapshot.ts'
import { toAddressKey } from './workload-address.ts'

/** What a change does to one namespace. */
interface Edit {
  readonly put: StoredResource[]
  readonly remove: ResourceKey[]
}

const EMPTY: NamespaceResources = { stored: new Map(), policies: [], workloads: [], byAccount: new Map() }

/** The set after a change; namespaces that it does not touch are shared with the set before. */
export function withChange(set: ResourceSet, change: Omit<ResourceChange, 'records'>): ResourceSet {
  const namespaces = new Map(set.namespaces)
  let { size } = set
  for (const [namespace, edit] of editsByNamespace(change)) {
    const before = namespaces.get(namespace) ?? EMPTY
    const after = editNamespace(before, edit)
    size += after.stored.size - before.stored.size
    if (after.stored.size === 0) namespaces.delete(namespace)
    else namespaces.set(namespace, after)
  }
  return { version: change.version, size, namespaces, byAddress: withAddresses(set, change) }
}

function editsByNamespace({ put, remove }: Pick<ResourceChange, 'put' | 'remove'>): ReadonlyMap<string, Edit> {
  const edits = new Map<string, Edit>()
  const editOf = (namespace: string): Edit => {
    const edit = edits.get(namespace) ?? { put: [], remove: [] }
    edits.set(namespace, edit)
    return edit
  }
  for (const stored of put) editOf(stored.resource.metadata.namespace).put.push(stored)
  for (const key of remove) editOf(key.namespace).remove.push(key)
  return edits
}

function editNamespace(before: NamespaceResources, { put, remove }: Edit): NamespaceResources {
  const stored = new Map(before.stored)
  for (const { kind, name } of remove) stored.delete(toLocalKey(kind, name))
  for (const one of put) stored.set(toLocalKey(one.resource.kind, one.resource.metadata.name), one)
  const kinds = [...put.map(({ resource }) => resource.kind), ...remove.map(({ kind }) => kind)]
  const resources = [...stored.values()].map(({ resource }) => resource)
  const policies = kinds.some((kind) => kind !== 'WorkloadEntry')
    ? resources.filter((resource) => resource.kind !== 'WorkloadEntry').sort(byKindAndName)
    : before.policies
  if (!kinds.includes('WorkloadEntry')) return { ...before, stored, policies }
  const workloads = resources.filter((resource) => resource.kind === 'WorkloadEntry').sort(byKindAndName)
  return { stored, policies, workloads, byAccount: indexAccounts(workloads) }
}

function byKindAndName(a: Policy | WorkloadEntry, b: Policy | WorkloadEntry): number {
  return compareTexts(a.kind, b.kind) || compareTexts(a.metadata.name, b.metadata.name)
}

function indexAccounts(workloads: readonly WorkloadEntry[]): ReadonlyMap<string, readonly WorkloadEntry[]> {
  return Map.groupBy(
    workloads.filter(({ spec }) => (spec.serviceAccount ?? '') !== ''),
    ({ spec }) => spec.serviceAccount ?? '',
  )
}

function withAddresses(set: ResourceSet, { put, remove }: Pick<ResourceChange, 'put' | 'remove'>) {
  const added = put.map(({ resource }) => resource).filter(isWorkload)
  const keys = [...added.map(keyOf), ...remove.filter(({ kind }) => kind === 'WorkloadEntry')]
  if (keys.length === 0) return set.byAddress
  const removed = new Set(keys.map((key) => findResource(set, key)?.resource).filter(isWorkload))
  const addedByAddress = Map.groupBy(added, addressOf)
  const index = new Map(set.byAddress)
  for (const address of new Set([...added, ...removed].map(addressOf))) {
    const kept = (index.get(address) ?? []).filter((entry) => !removed.has(entry))
    const entries = [...kept, ...(addedByAddress.get(address) ?? [])]
    if (address === '' || entries.length === 0) index.delete(address)
    else index.set(address, entries)
  }
  return index
}

function addressOf({ spec }: WorkloadEntry): string {
  return toAddressKey(spec.address ?? '')
}

function isWorkload(resource: Resource | undefined): resource is WorkloadEntry {
  return resource?.kind === 'WorkloadEntry'
}
