import type { Intent, IntentId } from '../ca/record.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { checkIntent, toColumns } from './intent-columns.ts'
import type { GroupMessage, GroupWritten } from './protocol.ts'
import { type ResultRange, toRanges, toTriples } from './result-ranges.ts'

/** Results wait for a group of intents to ride with, but not longer than this. */
const RESULTS_WAIT_MS = 50
const RETRY_MS = 1000
/** Under load a group is sent no sooner than this after the one before: fewer, larger groups cost less of everything. */
const PACE_MS = 3
/** Holds the worker for some milliseconds; what is behind goes with the next group. */
const MAX_GROUP = 512

/** One group as the metrics see it; `seconds` from sending to its answer. */
export interface GroupTiming {
  readonly size: number
  readonly seconds: number
}

export interface GroupQueueOptions {
  /** Intents that may wait, those on their way included; null: any number; read for each, because it may be reloaded. */
  readonly capacity: () => number | null
  readonly clock: Clock
  send(group: GroupMessage): void
  written(timing: GroupTiming): void
}

interface Pending {
  readonly intent: Intent
  readonly resolve: (id: IntentId) => void
  readonly reject: (error: unknown) => void
}

/** What was sent and not yet answered. */
interface Flight {
  readonly pending: readonly Pending[]
  readonly ranges: readonly ResultRange[]
  readonly since: number
  /** Whether it was written. */
  readonly landed: PromiseWithResolvers<boolean>
}

/** Collects what arrives while a group is being written, and sends it as the next one: they share one fsync. */
export class GroupQueue {
  readonly #options: GroupQueueOptions
  #waiting: Pending[] = []
  #issued: IntentId[] = []
  #failed: IntentId[] = []
  /** Of groups that failed; sent again exactly as they were, since one of them may have been written after all. */
  #unwritten: readonly ResultRange[] = []
  #flight: Flight | null = null
  #refusal: AppError | null = null
  #soon: NodeJS.Immediate | null = null
  #paced: NodeJS.Timeout | null = null
  #sentAt = Number.NEGATIVE_INFINITY
  #later: NodeJS.Timeout | null = null

  constructor(options: GroupQueueOptions) {
    this.#options = options
  }

  /** Intents and results not yet durable. */
  get depth(): number {
    const flying = this.#flight === null ? 0 : this.#flight.pending.length + countIds(this.#flight.ranges)
    return this.#waiting.length + this.#results + flying
  }

  get #results(): number {
    return this.#issued.length + this.#failed.length + countIds(this.#unwritten)
  }

  recordIntent(intent: Intent): Promise<IntentId> {
    const capacity = this.#options.capacity()
    if (this.#refusal !== null) return Promise.reject(this.#refusal)
    if (capacity !== null && this.#waiting.length + (this.#flight?.pending.length ?? 0) >= capacity) {
      return Promise.reject(
        new AppError('limit.queue', 'too many requests wait for the record: try again', { retryAfterSeconds: 1 }),
      )
    }
    return new Promise((resolve, reject) => {
      checkIntent(intent)
      this.#waiting.push({ intent, resolve, reject })
      this.#flushSoon()
    })
  }

  recordResult(id: IntentId, outcome: 'issued' | 'failed'): void {
    if (outcome === 'issued') this.#issued.push(id)
    else this.#failed.push(id)
    if (this.#flight === null) this.#flushLater(RESULTS_WAIT_MS)
  }

  /** Resolves once every result known now is on its way, so that a question sent after it sees them. */
  async resultsSent(): Promise<void> {
    if (this.#results === 0) return
    await this.#flight?.landed.promise
    this.#flush()
  }

  /** Resolves once every intent and result known now is on its way, in as many groups as that takes. */
  async allSent(): Promise<void> {
    const last = this.#waiting.at(-1)
    await this.resultsSent()
    while (last !== undefined && this.#waiting.includes(last)) {
      await this.#flight?.landed.promise
      this.#flush()
    }
  }

  /** Sends all that waits, until nothing does or a group fails; gives the number of results that were lost. */
  async drain(): Promise<number> {
    for (let written = true; written && this.depth > 0; ) {
      this.#flush()
      written = (await this.#flight?.landed.promise) ?? false
    }
    return this.#results
  }

  /** Sends nothing and refuses intents, new ones and those not yet sent, until `accept`; results are kept. */
  refuse(error: AppError): void {
    this.#refusal = error
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(error)
  }

  accept(): void {
    this.#refusal = null
    this.#next()
  }

  /** The answer to the group that was sent. */
  written({ firstId, refused }: GroupWritten): void {
    const flight = this.#land()
    const size = flight.pending.length
    this.#options.written({ size, seconds: (this.#options.clock.monotonic() - flight.since) / 1000 })
    const refusals = new Map(refused.map((refusal) => [refusal.index, refusal]))
    let id = firstId
    for (const [index, { resolve, reject }] of flight.pending.entries()) {
      const refusal = refusals.get(index)
      if (refusal === undefined) resolve(id++)
      else reject(new AppError(refusal.code, refusal.message))
    }
    flight.landed.resolve(true)
    this.#next()
  }

  /** Nothing of the group that was sent is known to be stored; its results are kept for the next one. */
  failed(error: AppError): void {
    if (this.#flight === null) return
    const flight = this.#land()
    this.#unwritten = [...this.#unwritten, ...flight.ranges]
    for (const { reject } of flight.pending) reject(error)
    flight.landed.resolve(false)
    if (this.#waiting.length > 0) this.#flushSoon()
    else this.#flushLater(RETRY_MS)
  }

  #land(): Flight {
    const flight = this.#flight
    if (flight === null) throw new TypeError('a group was answered that was not sent')
    this.#flight = null
    return flight
  }

  /** After the resolved callers had their turn: those that ask again at once are of the same group. */
  #next(): void {
    if (this.#waiting.length > 0) this.#flushSoon()
    else if (this.#results > 0) this.#flushLater(RESULTS_WAIT_MS)
  }

  #flushSoon(): void {
    if (this.#flight !== null || this.#paced !== null) return
    const wait = this.#sentAt + PACE_MS - this.#options.clock.monotonic()
    if (wait > 0) this.#paced = setTimeout(() => this.#flush(), wait)
    else this.#soon ??= setImmediate(() => this.#flush())
  }

  #flushLater(milliseconds: number): void {
    this.#later ??= setTimeout(() => this.#flush(), milliseconds)
  }

  #flush(): void {
    if (this.#soon !== null) clearImmediate(this.#soon)
    if (this.#paced !== null) clearTimeout(this.#paced)
    if (this.#later !== null) clearTimeout(this.#later)
    this.#soon = null
    this.#paced = null
    this.#later = null
    const { clock, send } = this.#options
    if (this.#flight !== null || this.#refusal !== null || this.depth === 0) return
    this.#sentAt = clock.monotonic()
    const pending = this.#waiting.splice(0, MAX_GROUP)
    const ranges = [...this.#unwritten, ...toRanges(this.#issued, 'issued'), ...toRanges(this.#failed, 'failed')]
    this.#unwritten = []
    this.#issued = []
    this.#failed = []
    this.#flight = { pending, ranges, since: this.#sentAt, landed: Promise.withResolvers() }
    const intents = toColumns(pending.map(({ intent }) => intent))
    send({ kind: 'group', now: clock.now(), intents, results: toTriples(ranges) })
  }
}

function countIds(ranges: readonly ResultRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}
