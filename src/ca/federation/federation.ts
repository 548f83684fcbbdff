import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { openTurns } from '../../kernel/turns.ts'
import type { CaCertificate } from '../../pki/ca-certificate.ts'
import { checkRelationship, type RelationshipRequest } from './check-relationship.ts'
import type { FetchForeignBundle } from './fetch-foreign-bundle.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'
import type { ForeignRoots } from './foreign-trust.ts'
import type { ForeignFreshness, ForeignTrustBundle } from './foreign-trust-bundle.ts'
import {
  changesRoots,
  type FederationStatus,
  type HeldBundle,
  type Member,
  nextHeld,
  pollAfter,
  toHeld,
} from './member.ts'
import { Members, notFederated } from './members.ts'
import type { FederationStore, StoredRelationship } from './relationship.ts'

export interface FederationDeps {
  readonly store: FederationStore
  readonly fetch: FetchForeignBundle
  /** Our trust domain first, then its aliases. */
  readonly ownTrustDomains: readonly [string, ...string[]]
  /** PEM of our own roots, for endpoints that we serve ourselves. */
  readonly ownRoots: () => readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** The bundles of foreign trust domains: each kept under its own name, polled, and the last good one used (F-16…F-23). */
export class Federation implements ForeignRoots {
  readonly #deps: FederationDeps
  readonly #members = new Members()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #running = new Map<string, Promise<void>>()
  /** What is stored and what is in memory change together. */
  readonly #inTurn = openTurns()
  readonly #closing = new AbortController()

  private constructor(deps: FederationDeps) {
    this.#deps = deps
  }

  /** Takes the stored bundles, so that they count from the start; `start` begins to fetch. */
  static async open(deps: FederationDeps): Promise<Federation> {
    const federation = new Federation(deps)
    for (const stored of await deps.store.loadFederation()) federation.#take(stored)
    return federation
  }

  get version(): number {
    return this.#members.version
  }

  rootsOf(trustDomain: string): readonly CaCertificate[] {
    return this.#members.rootsOf(trustDomain)
  }

  /** The last good bundle, to be handed on; null where there is none, also for a trust domain that is not known. */
  bundleOf(trustDomain: string): (ForeignTrustBundle & ForeignFreshness) | null {
    return this.#members.bundleOf(trustDomain)
  }

  /** Told after each change of a bundle, and when one comes or goes. */
  onChange(listener: () => void): () => void {
    return this.#members.onChange(listener)
  }

  /** By trust domain. */
  list(): readonly FederationStatus[] {
    return this.#members.list()
  }

  /** Fetches every bundle now, and from then on at its hint. */
  start(): void {
    for (const trustDomain of this.#members.names()) void this.#poll(trustDomain)
  }

  /** Stored first, then fetched once; a fetch that fails is told by the status and tried again. */
  async add(request: RelationshipRequest, actor: string): Promise<FederationStatus> {
    const { store, clock, ownTrustDomains } = this.#deps
    const addedAt = clock.now()
    const checked = checkRelationship(request, ownTrustDomains)
    const bundle = request.bundle === undefined ? null : { document: request.bundle, fetchedAt: addedAt }
    const stored: StoredRelationship = { ...checked, addedAt, addedBy: actor, bundle }
    await this.#inTurn(async () => {
      await store.addRelationship(stored)
      await this.#running.get(checked.trustDomain) // that of a relationship that was removed before
      this.#take(stored)
    })
    await this.#poll(checked.trustDomain)
    return this.#members.statusOf(checked.trustDomain)
  }

  /** Fetches the bundle now; `resource.not_found`. */
  async refresh(trustDomain: string): Promise<FederationStatus> {
    this.#members.statusOf(trustDomain)
    await this.#poll(trustDomain)
    return this.#members.statusOf(trustDomain)
  }

  /** From then on nothing of that trust domain is trusted (F-23); `resource.not_found`. */
  async remove(trustDomain: string, actor: string): Promise<void> {
    const { store, clock, log } = this.#deps
    await this.#inTurn(async () => {
      const isRemoved = await store.removeRelationship({ trustDomain, actor, at: clock.now() })
      if (!isRemoved) throw notFederated(trustDomain)
      this.#members.remove(trustDomain)
      clearTimeout(this.#timers.get(trustDomain))
      this.#timers.delete(trustDomain)
    })
    log.info('federation.removed', { trustDomain, actor })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await Promise.all(this.#running.values())
  }

  #take({ bundle, ...relationship }: StoredRelationship): void {
    const { log, clock } = this.#deps
    const { trustDomain } = relationship
    const nextFetchAt = clock.now()
    let held: HeldBundle | null = null
    let failure: string | null = null
    try {
      if (bundle !== null) held = toHeld({ ...bundle, document: Buffer.from(bundle.document) }, trustDomain)
    } catch (error) {
      if (!(error instanceof ForeignBundleError)) throw error
      failure = error.message // an older version stored it: it counts for nothing until it is fetched again
      log.error('federation.stored_bundle_invalid', { trustDomain, reason: failure })
    }
    this.#members.put({ relationship, held, failure, nextFetchAt })
  }

  /** One at a time for each trust domain; who comes meanwhile shares the one that runs. Never rejects. */
  #poll(trustDomain: string): Promise<void> {
    const running = this.#running.get(trustDomain) ?? this.#fetchAndPlan(trustDomain)
    this.#running.set(trustDomain, running)
    return running
  }

  async #fetchAndPlan(trustDomain: string): Promise<void> {
    await this.#fetch(trustDomain)
    this.#running.delete(trustDomain)
    const member = this.#members.get(trustDomain)
    if (member === undefined || this.#closing.signal.aborted) return
    const delay = pollAfter(member.held)
    this.#members.change(member, { nextFetchAt: this.#deps.clock.now() + delay })
    clearTimeout(this.#timers.get(trustDomain))
    this.#timers.set(trustDomain, setTimeout(() => void this.#poll(trustDomain), delay).unref())
  }

  async #fetch(trustDomain: string): Promise<void> {
    const { fetch, store, clock, log } = this.#deps
    const member = this.#members.get(trustDomain)
    if (member === undefined) return
    const { relationship } = member
    try {
      const document = await fetch(relationship, {
        roots: this.#endpointRoots(relationship.endpointSpiffeId),
        signal: this.#closing.signal,
      })
      const held = nextHeld(member, { document, fetchedAt: clock.now() })
      const { addedAt } = relationship
      const { fetchedAt } = held
      const isStored = await store.saveForeignBundle({ trustDomain, addedAt, document: document.toString(), fetchedAt })
      if (isStored) this.#change(member, held)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      const isExpected = error instanceof ForeignBundleError
      const failure = isExpected ? error.message : 'it could not be kept: the log has the reason'
      log.warn('federation.fetch_failed', { trustDomain, reason: failure, ...(isExpected ? {} : { error }) })
      this.#members.change(member, { failure })
    }
  }

  #change(member: Member, held: HeldBundle): void {
    const { trustDomain } = member.relationship
    const isChanged = changesRoots(member.held, held)
    if (!this.#members.change(member, { held, failure: null })) return
    const { sequence, roots, skipped } = held
    const fields = { trustDomain, sequence: sequence?.toString() ?? null, roots: roots.length, skipped }
    if (isChanged) this.#deps.log.info('federation.bundle_changed', fields)
    else if (member.failure !== null) this.#deps.log.info('federation.recovered', fields)
  }

  /** By the trust domain of the endpoint's own identity (F-17), which is most often the one whose bundle it serves. */
  #endpointRoots(endpointSpiffeId: string | null): readonly string[] {
    if (endpointSpiffeId === null) return []
    const [, , trustDomain = ''] = endpointSpiffeId.split('/')
    if (trustDomain === this.#deps.ownTrustDomains[0]) return this.#deps.ownRoots()
    return this.rootsOf(trustDomain).map(({ pem }) => pem)
  }
}
