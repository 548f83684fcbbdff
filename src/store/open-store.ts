import type { AuditStore } from '../audit/audit-store.ts'
import type { AuthorityStore } from '../ca/authority.ts'
import type { CrlStore } from '../ca/crl/crl.ts'
import type { DenyStore } from '../ca/deny/deny-list.ts'
import type { KeySearch } from '../ca/deny/find-live.ts'
import type { RevocationStore } from '../ca/deny/revocations.ts'
import type { FederationStore } from '../ca/federation/relationship.ts'
import type { IssuanceQuery, IssuanceRecord } from '../ca/record.ts'
import type { Restoration } from '../ca/restoration.ts'
import type { LiveCertificates } from '../ca/rotation/measures.ts'
import type { UptakeRecord } from '../ca/rotation/uptake.ts'
import type { JoinToken, JoinTokenStore } from '../identity/join-token-store.ts'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { ResourceStore } from '../mesh/resource-store.ts'
import { BackgroundRetention } from './background-retention.ts'
import { type Snapshot, Snapshots } from './backup-snapshot.ts'
import { GroupQueue, type GroupTiming } from './group-queue.ts'
import type { LiveStep } from './live-certificates.ts'
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

/** Everything durable. Writes reject with `issue.not_recorded` while the disk or the worker fails. */
export interface Store
  extends IssuanceRecord,
    IssuanceQuery,
    UptakeRecord,
    DenyStore,
    RevocationStore,
    CrlStore,
    KeySearch,
    FederationStore,
    JoinTokenStore,
    AuthorityStore,
    AuditStore,
    ResourceStore {
  appendAdminAction(action: AdminAction): Promise<void>
  /** Newest first. */
  listAdminActions(page: PageRequest): Promise<Page<AdminAction>>
  /** Removes what is long expired, as happens by itself every ten minutes; gives the number of rows. */
  retain(): Promise<number>
  /** The restoration that the record came from last, or null. */
  loadRestoration(): Promise<Restoration | null>
  /** The database as it is now, with every intent and result known now; one at a time, `backup.running` otherwise. */
  snapshot(): Promise<Snapshot>
  healthy(): StoreHealth
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
  readonly #snapshots: Snapshots
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
    this.#snapshots = new Snapshots(file, {
      hold: (holder) => this.#link.call('holdFile', holder),
      release: (holder) => this.#link.call('releaseFile', holder),
    })
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

  /** Step by step, so that what issues meanwhile does not wait for the whole count. */
  countLive: Store['countLive'] = async (after) => {
    await this.#queue.allSent()
    const counted = new Map<string, LiveCertificates>()
    for (let from: number | null = 0; from !== null; ) {
      const step: LiveStep = await this.#link.call('countLive', { after, from })
      for (const one of step.live) addLive(counted, one)
      from = step.next
    }
    return [...counted.values()]
  }

  reportBundles: Store['reportBundles'] = async (reports) => void (await this.#link.call('reportBundles', reports))

  loadDenied: Store['loadDenied'] = () => this.#link.call('loadDenied', null)
  listDenied: Store['listDenied'] = (page) => this.#link.call('listDenied', page)
  loadUnsettled: Store['loadUnsettled'] = () => this.#link.call('loadUnsettled', null)
  addDenied: Store['addDenied'] = (entry) => this.#link.call('addDenied', entry)
  settleDenied: Store['settleDenied'] = async (change) => void (await this.#link.call('settleDenied', change))
  removeDenied: Store['removeDenied'] = (change) => this.#link.call('removeDenied', change)
  findIssuedByKey: Store['findIssuedByKey'] = (query) => this.#link.call('findIssuedByKey', query)
  loadRevoked: Store['loadRevoked'] = () => this.#link.call('loadRevoked', null)
  revoke: Store['revoke'] = (batch) => this.#link.call('revoke', batch)
  saveCrl: Store['saveCrl'] = async (crl, now) => void (await this.#link.call('saveCrl', { crl, now }))

  loadCrls: Store['loadCrls'] = async () => {
    const crls = await this.#link.call('loadCrls', null)
    return crls.map((crl) => ({ ...crl, der: Buffer.from(crl.der) })) // between threads a Buffer arrives as plain bytes
  }

  loadFederation: Store['loadFederation'] = () => this.#link.call('loadFederation', null)
  addRelationship: Store['addRelationship'] = async (one) => void (await this.#link.call('addRelationship', one))
  saveForeignBundle: Store['saveForeignBundle'] = (change) => this.#link.call('saveForeignBundle', change)
  removeRelationship: Store['removeRelationship'] = (removal) => this.#link.call('removeRelationship', removal)

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
  listActions: Store['listActions'] = (query) => this.#link.call('listActions', query)
  checkRecord: Store['checkRecord'] = (request) => this.#link.call('checkRecord', request)
  exportRows: Store['exportRows'] = (request) => this.#link.call('exportRows', request)

  recordSpans: Store['recordSpans'] = async (since) => {
    await this.#queue.resultsSent()
    return this.#link.call('recordSpans', since)
  }

  appendAdminAction: Store['appendAdminAction'] = async (action) =>
    void (await this.#link.call('appendAdminAction', action))

  retain: Store['retain'] = () => this.#retention.run()
  loadRestoration: Store['loadRestoration'] = () => this.#link.call('loadRestoration', null)

  snapshot: Store['snapshot'] = async () => {
    await this.#queue.resultsSent()
    return this.#snapshots.open()
  }

  healthy(): StoreHealth {
    return this.#health.current()
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
    await this.#snapshots.close()
  }

  #written(timing: GroupTiming): void {
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

function addLive(counted: Map<string, LiveCertificates>, one: LiveCertificates): void {
  const key = `${one.signer} ${one.sequence}`
  const before = counted.get(key)
  const certificates = one.certificates + (before?.certificates ?? 0)
  counted.set(key, { ...one, certificates, latestExpiry: Math.max(one.latestExpiry, before?.latestExpiry ?? 0) })
}
