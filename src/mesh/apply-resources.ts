import type { UnixMillis } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { differences } from './diff.ts'
import { type Pair, toAdminRecord } from './record-change.ts'
import { type Resource, type ResourceKey, toKeyText, toNameText } from './resource.ts'
import type { ResourceChange, StoredResource } from './resource-store.ts'
import { findResource, keyOf, type ResourceSet } from './snapshot.ts'

/** How many resources are stored at most. */
export const MAX_RESOURCES = 100_000

/** On whose behalf a change is planned. */
export interface Authorship {
  readonly actor: string
  readonly now: UnixMillis
  /** The watched directory that the resources come from; null: somebody applies them. */
  readonly owner: string | null
  /** Directories that are watched now: what they own, nobody else changes. */
  readonly watched: ReadonlySet<string>
}

export type ChangeKind = 'created' | 'updated' | 'unchanged'

/** What applying would do; `change` is null when it does nothing. */
export interface Plan {
  /** One for each resource that was given, in that order. */
  readonly changes: readonly ChangeKind[]
  readonly change: ResourceChange | null
}

/**
 * Plans to store `resources`, each named once. From a watched directory they are the whole of it: what it owns and no
 * longer holds is removed. Throws `resource.conflict` for what another directory owns, `limit.size` for too many.
 */
export function planApply(set: ResourceSet, resources: readonly Resource[], by: Authorship): Plan {
  const steps = resources.map((resource) => planOne(set, resource, by))
  const changed = steps.filter(({ kind }) => kind !== 'unchanged')
  const dropped = by.owner === null ? [] : droppedBy(set, resources, by.owner)
  refuseTooMany(set.size + steps.filter(({ kind }) => kind === 'created').length - dropped.length)
  const changes = steps.map(({ kind }) => kind)
  if (changed.length === 0 && dropped.length === 0) return { changes, change: null }
  const version = set.version + 1
  const removals = dropped.map(({ resource }): Pair => ({ before: resource, after: null }))
  const change = {
    version,
    put: changed.map(({ after }) => ({ resource: after, version, owner: by.owner })),
    remove: dropped.map(({ resource }) => keyOf(resource)),
    records: [...changed, ...removals].map((pair) => toAdminRecord(pair, { ...by, version })),
  }
  return { changes, change }
}

/** Plans to remove one resource; throws `resource.not_found`, and `resource.conflict` when a directory owns it. */
export function planDelete(set: ResourceSet, key: ResourceKey, by: Authorship): ResourceChange {
  const existing = findResource(set, key)
  if (existing === null) throw new AppError('resource.not_found', `there is no ${toNameText(key)}`)
  refuseForeign(existing, by)
  const version = set.version + 1
  const record = toAdminRecord({ before: existing.resource, after: null }, { ...by, version })
  return { version, put: [], remove: [key], records: [record] }
}

/** The directories that stored resources come from. */
export function ownersOf(set: ResourceSet): ReadonlySet<string> {
  return new Set(allOf(set).flatMap(({ owner }) => (owner === null ? [] : [owner])))
}

function allOf(set: ResourceSet): readonly StoredResource[] {
  return [...set.namespaces.values()].flatMap(({ stored }) => [...stored.values()])
}

interface Step extends Pair {
  /** As it will be stored. */
  readonly after: Resource
  readonly kind: ChangeKind
}

function planOne(set: ResourceSet, given: Resource, by: Authorship): Step {
  const existing = findResource(set, keyOf(given))
  const before = existing?.resource ?? null
  // Among equals the oldest wins (Istio's PeerAuthentication), so an update does not make an object younger.
  const creationTimestamp =
    before?.metadata.creationTimestamp ?? given.metadata.creationTimestamp ?? toTimestamp(by.now)
  const after: Resource = { ...given, metadata: { ...given.metadata, creationTimestamp } }
  if (existing === null) return { before, after, kind: 'created' }
  const isTakenOver = by.owner !== null && existing.owner !== by.owner
  if (!isTakenOver && differences(before, after).length === 0) return { before, after, kind: 'unchanged' }
  refuseForeign(existing, by)
  return { before, after, kind: 'updated' }
}

function droppedBy(set: ResourceSet, kept: readonly Resource[], owner: string): readonly StoredResource[] {
  const names = new Set(kept.map((resource) => toKeyText(keyOf(resource))))
  return allOf(set).filter((one) => one.owner === owner && !names.has(toKeyText(keyOf(one.resource))))
}

function refuseForeign({ resource, owner }: StoredResource, by: Authorship): void {
  if (owner === null || owner === by.owner || !by.watched.has(owner)) return
  throw new AppError(
    'resource.conflict',
    `${toNameText(keyOf(resource))} comes from the watched directory \`${owner}\`: change it there`,
  )
}

function refuseTooMany(count: number): void {
  if (count <= MAX_RESOURCES) return
  throw new AppError('limit.size', `there would be ${count} resources: at most ${MAX_RESOURCES} are stored`, {
    wanted: `at most ${MAX_RESOURCES} resources`,
  })
}

/** Whole seconds, as Kubernetes writes it. */
function toTimestamp(now: UnixMillis): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`
}
