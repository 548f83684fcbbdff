import type { Authority, AuthorityChange, AuthorityStore, Rotation } from '../../src/ca/authority.ts'
import type { DenyEntry, DenyStore, DenyTarget } from '../../src/ca/deny/deny-list.ts'
import type { FederationStore, StoredRelationship } from '../../src/ca/federation/relationship.ts'
import type { Intent, IssuanceRecord } from '../../src/ca/record.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { toKeyText } from '../../src/mesh/resource.ts'
import type { ResourceChange, ResourceStore, StoredResource } from '../../src/mesh/resource-store.ts'
import { keyOf } from '../../src/mesh/snapshot.ts'

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number
  #set = 0

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now + this.#set
  }

  monotonic(): number {
    return this.#now
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }

  /** Somebody sets the wall clock; no time passes. */
  set(milliseconds: number): void {
    this.#set += milliseconds
  }
}

/** Authorities in memory; the store's own tests cover the database. */
export class FakeAuthorityStore implements AuthorityStore {
  authorities: Authority[] = []
  rotations: Rotation[] = []
  bundleSequence = 0
  readonly changes: AuthorityChange[] = []
  /** The next change is not stored, or is stored and its answer is lost. */
  failNext: 'before' | 'after' | null = null

  async loadAuthorities() {
    return {
      authorities: [...this.authorities],
      rotations: [...this.rotations],
      bundleSequence: this.bundleSequence,
    }
  }

  async saveAuthorities(change: AuthorityChange): Promise<void> {
    const failure = this.failNext
    this.failNext = null
    if (failure === 'before') throw new Error('the store failed')
    this.changes.push(change)
    this.authorities = withChanged(this.authorities, change.authorities)
    this.rotations = withChanged(this.rotations, change.rotations ?? [])
    for (const id of change.forgotten ?? []) this.#forget(id)
    this.bundleSequence = change.bundleSequence
    if (failure === 'after') throw new Error('the answer of the store was lost')
  }

  #forget(id: string): void {
    this.authorities = this.authorities.filter((one) => one.id !== id)
    this.rotations = this.rotations.filter((one) => one.id !== id)
  }
}

function withChanged<T extends { readonly id: string }>(before: readonly T[], changed: readonly T[]): T[] {
  const ids = new Set(changed.map(({ id }) => id))
  return [...before.filter(({ id }) => !ids.has(id)), ...changed]
}

/** A record in memory that can be told to fail. */
export class FakeRecord implements IssuanceRecord {
  readonly intents: Intent[] = []
  readonly results = new Map<number, 'issued' | 'failed'>()
  failWith: Error | null = null
  /** Runs after the intent was recorded and before the promise resolves. */
  onRecorded: () => void = () => {}
  readonly depth = 0

  async recordIntent(intent: Intent): Promise<number> {
    if (this.failWith !== null) throw this.failWith
    const id = this.intents.push(intent) - 1
    this.onRecorded()
    return id
  }

  recordResult(id: number, outcome: 'issued' | 'failed'): void {
    this.results.set(id, outcome)
  }
}

export class FakeDenyStore implements DenyStore {
  readonly entries: DenyEntry[] = []
  readonly settled = new Set<DenyEntry>()

  async loadDenied(): Promise<readonly DenyEntry[]> {
    return this.entries
  }

  async listDenied() {
    return { items: this.entries.toReversed(), next: null }
  }

  async loadUnsettled(): Promise<readonly DenyEntry[]> {
    return this.entries.filter((entry) => !this.settled.has(entry))
  }

  async addDenied(entry: DenyEntry): Promise<DenyEntry> {
    const known = this.#find(entry)
    if (known === undefined) this.entries.push(entry)
    return known ?? entry
  }

  async settleDenied(target: DenyTarget): Promise<void> {
    const entry = this.#find(target)
    if (entry !== undefined) this.settled.add(entry)
  }

  async removeDenied(target: DenyTarget): Promise<boolean> {
    const entry = this.#find(target)
    if (entry !== undefined) this.entries.splice(this.entries.indexOf(entry), 1)
    return entry !== undefined
  }

  #find({ kind, value }: DenyTarget): DenyEntry | undefined {
    return this.entries.find((entry) => entry.kind === kind && entry.value === value)
  }
}

/** Resources in memory, a few on a page; it can be told to fail. */
export class FakeResourceStore implements ResourceStore {
  readonly changes: ResourceChange[] = []
  readonly stored = new Map<string, StoredResource>()
  version = 0
  failWith: Error | null = null

  async loadResources(after: number) {
    if (this.failWith !== null) throw this.failWith
    const items = [...this.stored.values()].slice(after, after + 2)
    return { version: this.version, items, next: after + 2 < this.stored.size ? after + 2 : null }
  }

  async saveResources(change: ResourceChange): Promise<void> {
    if (this.failWith !== null) throw this.failWith
    if (change.version !== this.version + 1) throw new AppError('resource.conflict', 'the version is another')
    this.version = change.version
    this.changes.push(change)
    for (const key of change.remove) this.stored.delete(toKeyText(key))
    for (const one of change.put) this.stored.set(toKeyText(keyOf(one.resource)), one)
  }
}

/** Foreign trust domains in memory. */
export class FakeFederationStore implements FederationStore {
  readonly relationships = new Map<string, StoredRelationship>()

  async loadFederation(): Promise<readonly StoredRelationship[]> {
    return [...this.relationships.values()]
  }

  async addRelationship(relationship: StoredRelationship): Promise<void> {
    this.relationships.set(relationship.trustDomain, relationship)
  }

  saveForeignBundle: FederationStore['saveForeignBundle'] = async ({ trustDomain, addedAt, ...bundle }) => {
    const known = this.relationships.get(trustDomain)
    if (known === undefined || known.addedAt !== addedAt) return false
    this.relationships.set(trustDomain, { ...known, bundle })
    return true
  }

  removeRelationship: FederationStore['removeRelationship'] = async ({ trustDomain }) => {
    return this.relationships.delete(trustDomain)
  }
}
