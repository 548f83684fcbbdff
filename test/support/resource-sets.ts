import { withChange } from '../../src/mesh/change-snapshot.ts'
import type { Resource, WorkloadEntry, WorkloadEntrySpec } from '../../src/mesh/resource.ts'
import { emptySet, type ResourceSet } from '../../src/mesh/snapshot.ts'

/** A WorkloadEntry of namespace `foo`. */
export function entry(name: string, spec: WorkloadEntrySpec): WorkloadEntry {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace: 'foo', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
  }
}

/** `before` with these resources put into it, at the next version. */
export function setOf(resources: readonly Resource[], before: ResourceSet = emptySet(0)): ResourceSet {
  const version = before.version + 1
  return withChange(before, {
    version,
    put: resources.map((resource) => ({ resource, version, owner: null })),
    remove: [],
  })
}
