import type { AdminAction } from '../kernel/admin-record.ts'
import type { Resource, ResourceKey } from './resource.ts'

/** A resource with what the store knows of it; its metadata has a `creationTimestamp`. */
export interface StoredResource {
  readonly resource: Resource
  /** The version of the set that brought this state of the object: unique to it, so it serves as its ETag. */
  readonly version: number
  /** The watched directory that it comes from; null: somebody applied it. */
  readonly owner: string | null
}

/** One transaction: everything of it is stored, with its admin records, or nothing. */
export interface ResourceChange {
  /** The next version of the set. */
  readonly version: number
  readonly put: readonly StoredResource[]
  readonly remove: readonly ResourceKey[]
  readonly records: readonly AdminAction[]
}

/** Some of the stored resources; `next` goes on behind them, null at the end. */
export interface ResourcePage {
  readonly version: number
  readonly items: readonly StoredResource[]
  readonly next: number | null
}

/** Where resources are durable. */
export interface ResourceStore {
  /** From the start with `after` 0. */
  loadResources(after: number): Promise<ResourcePage>
  /** Throws `resource.conflict` when the stored version is not the one before `change.version`. */
  saveResources(change: ResourceChange): Promise<void>
}
