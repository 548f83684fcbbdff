import type { Authority, AuthorityChange, AuthorityStore } from '../../src/ca/authority.ts'
import type { DenyEntry, DenyStore } from '../../src/ca/deny-list.ts'
import type { Intent, IssuanceRecord } from '../../src/ca/record.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { toKeyText } from '../../src/mesh/resource.ts'
import type { ResourceChange, ResourceStore, StoredResource } from '../../src/mesh/resource-store.ts'
import { keyOf } from '../../src/mesh/snapshot.ts'

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** Authorities in memory; the store's own tests cover the database. */
export class FakeAuthorityStore implements AuthorityStore {
  authorities: Authority[] = []
  bundleSequence = 0
  readonly changes: AuthorityChange[] = []

  async loadAuthorities() {
    return { authorities: [...this.authorities], bundleSequence: this.bundleSequence }
  }

  async saveAuthorities(change: AuthorityChange): Promise<void> {
    this.changes.push(change)
    const ids = new Set(change.authorities.map((authority) => authority.id))
    this.authorities = [...this.authorities.filter((authority) => !ids.has(authority.id)), ...change.authorities]
    this.bundleSequence = change.bundleSequence
  }
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

  async loadDenied(): Promise<readonly DenyEntry[]> {
    return this.entries
  }

  async addDenied(entry: DenyEntry): Promise<void> {
    this.entries.push(entry)
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
