import type { AuthorityStore } from '../ca/authority.ts'
import type { DenyStore } from '../ca/deny-list.ts'
import type { IssuanceQuery, IssuanceRecord } from '../ca/record.ts'
import type { JoinToken, JoinTokenStore } from '../identity/join-token-store.ts'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import { GroupQueue, type GroupTiming } from './group-queue.ts'
import type { Retention } from './protocol.ts'
import { WorkerLink } from './worker-link.ts'

const PROBE_EVERY_MS = 1000
const FIRST_RETENTION_MS = 5_000
const RETENTION_EVERY_MS = 600_000

export interface StoreOptions {
  /** Path of the database; created with mode 0600. */
  readonly file: string
  /** Intents that may wait; null: any number. */
  readonly queue: number | null
  readonly retention: Retention
  readonly clock: Clock
  readonly log: Log
  readonly onGroup?: (timing: GroupTiming) => void
}

/** Whether writing works; `reason` for people, null when it does. */
export interface StoreHealth {
  readonly ok: boolean
  readonly reason: string | null
}

export interface StoreStats {
  /** Intents and results not yet durable. */
  readonly depth: number
  readonly groups: number
  readonly lastGroupSize: number
  readonly lastGroupMs: number
}

/** Everything durable. Writes reject with `issue.not_recorded` while the disk or the worker fails. */
export interface Store extends IssuanceRecord, IssuanceQuery, DenyStore, JoinTokenStore, AuthorityStore {
  appendAdminAction(action: AdminAction): Promise<void>
  /** Newest first. */
  listAdminActions(page: PageRequest): Promise<Page<AdminAction>>
  /** Removes what is long expired, as happens by itself every ten minutes; gives the number of rows. */
  retain(): Promise<number>
  healthy(): StoreHealth
  stats(): StoreStats
  /** Writes what is queued, then closes; safe to call again. */
  close(): Promise<void>
}

/** Opens the database for this process alone; throws `StoreOpenError`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new SqliteStore(options)
  await store.open()
  return store
}

class SqliteStore implements Store {
  readonly #clock: Clock
  readonly #log: Log
  readonly #link: WorkerLink
  readonly #queue: GroupQueue
  readonly #onGroup: (timing: GroupTiming) => void
  #problem: string | null = null
  #last: GroupTiming = { size: 0, seconds: 0 }
  #groups = 0
  #probing: NodeJS.Timeout | null = null
  #retaining: NodeJS.Timeout | null = null
  #closed: Promise<void> | null = null

  constructor({ file, queue: capacity, retention, clock, log, onGroup = () => {} }: StoreOptions) {
    this.#clock = clock
    this.#log = log
    this.#onGroup = onGroup
    this.#queue = new GroupQueue({
      capacity,
      clock,
      send: (group) => this.#link.send(group),
      written: (timing) => this.#written(timing),
    })
    this.#link = new WorkerLink({ file, retention }, log, {
      written: (group) => this.#queue.written(group),
      failed: (error) => this.#failed(error),
      down: (error) => this.#down(error),
      up: () => this.#up(),
    })
  }

  async open(): Promise<void> {
    await this.#link.open()
    this.#retainAfter(FIRST_RETENTION_MS)
  }

  get depth() {
    return this.#queue.depth
  }

  recordIntent: Store['recordIntent'] = (intent) => this.#queue.recordIntent(intent)
  recordResult: Store['recordResult'] = (id, outcome) => this.#queue.recordResult(id, outcome)

  listIssued: Store['listIssued'] = async (query) => {
    await this.#queue.resultsSent()
    return this.#link.call('listIssued', query)
  }

  loadDenied: Store['loadDenied'] = () => this.#link.call('loadDenied', null)
  addDenied: Store['addDenied'] = async (entry) => void (await this.#link.call('addDenied', entry))
  createToken: Store['createToken'] = async (token) => void (await this.#link.call('createToken', token))

  findTokenByHash: Store['findTokenByHash'] = async (hash) => {
    const found = await this.#link.call('findTokenByHash', hash)
    return found === null ? null : withBuffer(found)
  }

  listTokens: Store['listTokens'] = async (page) => {
    const { items, next } = await this.#link.call('listTokens', page)
    return { items: items.map(withBuffer), next }
  }

  revokeToken: Store['revokeToken'] = (id, actor) =>
    this.#link.call('revokeToken', { id, actor, at: this.#clock.now() })
  loadAuthorities: Store['loadAuthorities'] = () => this.#link.call('loadAuthorities', null)
  saveAuthorities: Store['saveAuthorities'] = async (change) => void (await this.#link.call('saveAuthorities', change))
  listAdminActions: Store['listAdminActions'] = (page) => this.#link.call('listAdminActions', page)

  appendAdminAction: Store['appendAdminAction'] = async (action) =>
    void (await this.#link.call('appendAdminAction', action))

  async retain(): Promise<number> {
    const now = this.#clock.now()
    for (let total = 0; ; ) {
      const { removed, done } = await this.#link.call('retain', now)
      total += removed
      if (done) return total
    }
  }

  healthy(): StoreHealth {
    return { ok: this.#problem === null, reason: this.#problem }
  }

  stats(): StoreStats {
    const { size, seconds } = this.#last
    return { depth: this.depth, groups: this.#groups, lastGroupSize: size, lastGroupMs: seconds * 1000 }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#probing !== null) clearTimeout(this.#probing)
    if (this.#retaining !== null) clearTimeout(this.#retaining)
    const lost = await this.#queue.drain()
    if (lost > 0) this.#log.error('store.results_lost', { lost })
    this.#queue.refuse(new AppError('issue.not_recorded', 'the service is shutting down: ask another instance'))
    await this.#link.close()
  }

  #written(timing: GroupTiming): void {
    this.#groups++
    this.#last = timing
    this.#recovered()
    this.#onGroup(timing)
  }

  #failed(error: AppError): void {
    this.#troubled('the last group was not written; the log has the reason')
    this.#queue.failed(error)
  }

  #down(error: AppError): void {
    this.#troubled('the thread of the store died and is being started again')
    this.#queue.refuse(error)
    this.#queue.failed(error)
  }

  #up(): void {
    this.#queue.accept()
    this.#probeLater(0)
  }

  #troubled(reason: string): void {
    if (this.#problem === null) this.#log.error('store.unhealthy', { reason })
    this.#problem = reason
    this.#probeLater(PROBE_EVERY_MS)
  }

  #recovered(): void {
    if (this.#problem !== null) this.#log.info('store.recovered')
    this.#problem = null
  }

  /** Readiness is red, so nobody may ask for a certificate: only a probe finds out that space has returned. */
  #probeLater(milliseconds: number): void {
    if (this.#closed !== null || this.#probing !== null) return
    this.#probing = setTimeout(() => void this.#probe(), milliseconds)
  }

  async #probe(): Promise<void> {
    this.#probing = null
    if (this.#problem === null) return
    try {
      await this.#link.call('probe', this.#clock.now())
      this.#recovered()
    } catch (error) {
      this.#log.debug('store.still_unhealthy', { error })
      this.#probeLater(PROBE_EVERY_MS)
    }
  }

  #retainAfter(milliseconds: number): void {
    if (this.#closed !== null) return
    this.#retaining = setTimeout(() => void this.#retainInBackground(), milliseconds).unref()
  }

  async #retainInBackground(): Promise<void> {
    try {
      const removed = await this.retain()
      if (removed > 0) this.#log.info('store.retention', { removed })
    } catch (error) {
      this.#log.error('store.retention_failed', { error })
    }
    this.#retainAfter(RETENTION_EVERY_MS)
  }
}

/** Between threads a Buffer arrives as plain bytes. */
function withBuffer(token: JoinToken): JoinToken {
  return { ...token, hash: Buffer.from(token.hash) }
}
