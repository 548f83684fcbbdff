import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { openTurns } from '../kernel/turns.ts'
import { ownersOf, planApply, planDelete } from './apply-resources.ts'
import type { Applied, ApplyRequest, DeleteRequest } from './change-request.ts'
import { withChange } from './change-snapshot.ts'
import { judgeDocuments } from './judge-documents.ts'
import { loadSet } from './load-set.ts'
import type { ResourceChange, ResourceStore } from './resource-store.ts'
import { keyOf, type ResourceSet } from './snapshot.ts'

export interface MeshResourcesDeps {
  readonly store: ResourceStore
  readonly clock: Clock
  readonly log: Log
  /** Absolute paths of the watched directories. */
  readonly watched: ReadonlySet<string>
}

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 10_000

/**
 * The stored resources, in memory as one immutable set that is swapped whole once a change is durable. Changes go one
 * after the other; who reads never waits.
 */
export class MeshResources {
  readonly #deps: MeshResourcesDeps
  readonly #takeTurn = openTurns()
  readonly #listeners = new Set<(set: ResourceSet) => void>()
  /** Watched directories of which nothing is known yet: without them a set would decide by too few policies. */
  readonly #awaited: Set<string>
  #set: ResourceSet | null = null
  /** A write failed, so the store may be ahead of the set. */
  #isDoubtful = false
  #retryMs = FIRST_RETRY_MS
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(deps: MeshResourcesDeps) {
    this.#deps = deps
    this.#awaited = new Set(deps.watched)
  }

  /** The set to decide by; null until the store and, once in its life, each watched directory were read. */
  current(): ResourceSet | null {
    return this.#awaited.size === 0 ? this.#set : null
  }

  /** What is stored, to be shown and changed; throws `decision.not_ready` until it is loaded. */
  loaded(): ResourceSet {
    if (this.#set !== null) return this.#set
    throw new AppError('decision.not_ready', 'the stored resources are not loaded yet: try again', {
      retryAfterSeconds: 1,
    })
  }

  /** Tells of each set to decide by, before the change that made it is answered; gives what ends it. */
  subscribe(listener: (set: ResourceSet) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads what is stored; where that fails it is tried again in the background. Never rejects. */
  async load(): Promise<void> {
    try {
      await this.#takeTurn(() => this.#load())
    } catch (error) {
      this.#tryAgainLater(error)
    }
  }

  /**
   * Stores all documents or none, and puts them in force. Throws `resource.invalid` with the faults of every document,
   * `resource.conflict` for a precondition or for what a watched directory owns, `limit.size` and `decision.not_ready`.
   */
  async apply({ documents, actor, isDryRun, owner = null, precondition }: ApplyRequest): Promise<Applied> {
    this.loaded()
    const values = documents.map(({ value }) => value)
    const judged = await judgeDocuments(values, (position) => documents[position]?.index ?? position)
    const resources = judged.map(({ resource }) => resource)
    const keys = resources.map(keyOf)
    return this.#takeTurn(async (): Promise<Applied> => {
      const set = await this.#settled()
      refuseUnless(precondition?.(set, keys) ?? true)
      const { changes, change } = planApply(set, resources, this.#authorship(actor, owner))
      const items = keys.map((key, i) => {
        return { ...key, change: changes[i] ?? 'unchanged', warnings: judged[i]?.warnings ?? [] }
      })
      if (isDryRun === true) return { items, version: set.version }
      const next = change === null ? set : await this.#commit(set, change)
      if (owner !== null && this.#awaited.delete(owner)) this.#tell(next)
      return { items, version: next.version }
    })
  }

  /** Throws `resource.not_found`, `resource.conflict` and `decision.not_ready`. */
  delete({ key, actor, precondition }: DeleteRequest): Promise<void> {
    return this.#takeTurn(async () => {
      const set = await this.#settled()
      const change = planDelete(set, key, this.#authorship(actor, null))
      refuseUnless(precondition?.(set, [key]) ?? true)
      await this.#commit(set, change)
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#listeners.clear()
  }

  #authorship(actor: string, owner: string | null) {
    return { actor, owner, now: this.#deps.clock.now(), watched: this.#deps.watched }
  }

  async #commit(set: ResourceSet, change: ResourceChange): Promise<ResourceSet> {
    const next = withChange(set, change)
    try {
      await this.#deps.store.saveResources(change)
    } catch (error) {
      this.#isDoubtful = true
      this.#tryAgainLater(error)
      throw error
    }
    this.#swap(next)
    return next
  }

  /** The set to change; after a write that failed it is read again first. */
  async #settled(): Promise<ResourceSet> {
    if (this.#isDoubtful) await this.#load()
    return this.loaded()
  }

  async #load(): Promise<void> {
    const set = await loadSet(this.#deps.store)
    clearTimeout(this.#retry)
    this.#retryMs = FIRST_RETRY_MS
    this.#isDoubtful = false
    for (const owner of ownersOf(set)) this.#awaited.delete(owner)
    if (set.version !== this.#set?.version) this.#swap(set)
  }

  #tryAgainLater(error: unknown): void {
    this.#deps.log.error('resources.not_loaded', { error })
    clearTimeout(this.#retry)
    if (this.#isClosed) return
    this.#retry = setTimeout(() => void this.load(), this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
  }

  #swap(set: ResourceSet): void {
    this.#set = set
    this.#deps.log.info('resources.in_force', { version: set.version, resources: set.size })
    this.#tell(set)
  }

  #tell(set: ResourceSet): void {
    if (this.#awaited.size > 0) return
    for (const listener of this.#listeners) listener(set)
  }
}

function refuseUnless(holds: boolean): void {
  if (holds) return
  throw new AppError('resource.conflict', 'it has changed since it was read: read it again', { isPrecondition: true })
}
