import type { Authority, AuthorityChange, AuthorityStore } from '../../src/ca/authority.ts'
import type { DenyEntry, DenyStore } from '../../src/ca/deny-list.ts'
import type { Intent, IssuanceRecord } from '../../src/ca/record.ts'
import type { Clock } from '../../src/kernel/clock.ts'

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
