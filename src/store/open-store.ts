import type { AuthorityStore } from '../ca/authority.ts'
import type { DenyStore } from '../ca/deny-list.ts'
import type { IssuanceQuery, IssuanceRecord } from '../ca/record.ts'
import type { JoinToken, JoinTokenStore } from '../identity/join-token-store.ts'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { ResourceStore } from '../mesh/resource-store.ts'
import { BackgroundRetention } from './background-retention.ts'
import { GroupQueue, type GroupTiming } from './group-queue.ts'
import type { Retention } from './protocol.ts'
import { WorkerLink } from './worker-link.ts'
import { type StoreHealth, WriteHealth } from './write-health.ts'

export interface StoreOptions {
  /** Path of the database; created with mode 0600. */
  readonly file: string
  /** Intents that may wait, read for each one; null: any number. */
  readonly queue: () => number | null
  readonly retention: Retention
  readonly clock: Clock
  readonly log: Log
  readonly onGroup?: (timing: GroupTiming) => void
}

interface StoreStats {
  /** Intents and results not yet durable. */
  readonly depth: number
  readonly groups: number
  readonly lastGroupSize: number
  readonly lastGroupMs: number
}

/** Everything durable. Writes reject with `issue.not_recorded` while the disk or the worker fails. */
export interface Store extends IssuanceRecord, IssuanceQuery, DenyStore, JoinTokenStore, AuthorityStore, ResourceStore {
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
  readonly #health: WriteHealth
  readonly #retention: BackgroundRetention
  #last: GroupTiming = { size: 0, seconds: 0 }
  #groups = 0
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
    this.#health = new WriteHealth(() => this.#link.call('probe', clock.now()), log)
    this.#retention = new BackgroundRetention(() => this.#link.call('retain', clock.now()), log)
  }

  async open(): Promise<void> {
    await this.#link.open()
    this.#retention.start()
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
  loadResources: Store['loadResources'] = (after) => this.#link.call('loadResources', after)
  saveResources: Store['saveResources'] = async (change) => void (await this.#link.call('saveResources', change))
  listAdminActions: Store['listAdminActions'] = (page) => this.#link.call('listAdminActions', page)

  appendAdminAction: Store['appendAdminAction'] = async (action) =>
    void (await this.#link.call('appendAdminAction', action))

  retain: Store['retain'] = () => this.#retention.run()

  healthy(): StoreHealth {
    return this.#health.current()
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
    this.#health.stop()
    this.#retention.stop()
    const lost = await this.#queue.drain()
    if (lost > 0) this.#log.error('store.results_lost', { lost })
    this.#queue.refuse(new AppError('issue.not_recorded', 'the service is shutting down: ask another instance'))
    await this.#link.close()
  }

  #written(timing: GroupTiming): void {
    this.#groups++
    this.#last = timing
    this.#health.works()
    this.#onGroup(timing)
  }

  #failed(error: AppError): void {
    this.#health.fails('the last group was not written; the log has the reason')
    this.#queue.failed(error)
  }

  #down(error: AppError): void {
    this.#health.fails('the thread of the store died and is being started again')
    this.#queue.refuse(error)
    this.#queue.failed(error)
  }

  #up(): void {
    this.#queue.accept()
    this.#health.probeNow()
  }
}

/** Between threads a Buffer arrives as plain bytes. */
function withBuffer(token: JoinToken): JoinToken {
  return { ...token, hash: Buffer.from(token.hash) }
}
