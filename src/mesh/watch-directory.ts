import type { Clock, UnixMillis } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { Looks } from '../kernel/looks.ts'
import { ownersOf } from './apply-resources.ts'
import { DirectoryEvents } from './directory-events.ts'
import { type SourcedDocument, toFaultText } from './document-source.ts'
import type { MeshResources } from './mesh-resources.ts'
import { DirectoryReader } from './read-directory.ts'

/** How a watched directory is. */
export interface WatchState {
  readonly directory: string
  /** What it holds is in force. */
  readonly isOk: boolean
  /** Why not; what it held before is still in force. */
  readonly problem: string | null
  /** When it was last put in force, or seen to be. */
  readonly appliedAt: UnixMillis | null
}

export interface WatchDeps {
  readonly resources: MeshResources
  readonly clock: Clock
  readonly log: Log
}

/** Changes come in flocks: this long after one the directory is read. */
const QUIET_MS = 100
const POLL_MS = 3000

/**
 * Keeps the resources of one directory in force, the whole of it as one set: what is wrong anywhere in it leaves
 * everything as it was. What is no longer in it is removed, what others applied is not touched.
 */
export class DirectoryWatch {
  readonly #directory: string
  readonly #deps: WatchDeps
  readonly #events: DirectoryEvents
  readonly #reader: DirectoryReader
  #state: WatchState
  /** Of the files whose fate is known: they were applied, or are not valid; anything else is tried again. */
  #stamp: string | null = null
  readonly #looks: Looks

  /** `directory` is an absolute path. */
  constructor(directory: string, deps: WatchDeps) {
    this.#directory = directory
    this.#deps = deps
    this.#looks = new Looks(() => this.#lookOnce(), deps.clock)
    this.#reader = new DirectoryReader(directory)
    this.#events = new DirectoryEvents(directory, () => this.#looks.in(QUIET_MS))
    this.#state = { directory, isOk: false, problem: 'it was not read yet', appliedAt: null }
  }

  state(): WatchState {
    return this.#state
  }

  /** Reads the directory for the first time, then whenever it changes. Never rejects: the state tells. */
  open(): Promise<void> {
    return this.#looks.now()
  }

  /** Waits for a reading that is under way. */
  async close(): Promise<void> {
    this.#events.close()
    await this.#looks.close()
  }

  async #lookOnce(): Promise<number> {
    let next = POLL_MS
    try {
      await this.#events.follow()
      if (!(await this.#apply())) next = QUIET_MS
    } catch (error) {
      this.#failed(error)
    }
    return next
  }

  /** False when the directory changed while it was read. */
  async #apply(): Promise<boolean> {
    const found = await this.#reader.read(this.#stamp)
    if (found === 'changing') return false
    if (found === 'unchanged') return true
    if (found.files === 0) this.#refuseEmptied()
    this.#stamp = found.stamp
    const version = await this.#store(found.documents)
    this.#state = { directory: this.#directory, isOk: true, problem: null, appliedAt: this.#deps.clock.now() }
    const documents = found.documents.length
    this.#deps.log.info('resources.watch_applied', { directory: this.#directory, documents, version })
    return true
  }

  async #store(documents: readonly SourcedDocument[]): Promise<number> {
    try {
      const { version } = await this.#deps.resources.apply({
        documents: documents.map(({ value }, index) => ({ index, value })),
        actor: `directory ${this.#directory}`,
        owner: this.#directory,
      })
      return version
    } catch (error) {
      throw toLocated(error, documents)
    }
  }

  /** A volume that is not mounted looks empty: it must not take every policy away (as Argo CD without `allowEmpty`). */
  #refuseEmptied(): void {
    const set = this.#deps.resources.loaded()
    if (!ownersOf(set).has(this.#directory)) return
    throw new AppError(
      'resource.conflict',
      'it holds no file of resources any more: to remove all of them, leave a file without documents',
    )
  }

  #failed(error: unknown): void {
    if (!(error instanceof AppError && error.code === 'resource.invalid')) this.#stamp = null
    const problem = error instanceof Error ? error.message : String(error)
    const { directory, appliedAt, problem: before, isOk } = this.#state
    this.#state = { directory, isOk: false, problem, appliedAt }
    if (isOk || problem !== before) this.#deps.log.error('resources.watch_failed', { directory, problem })
  }
}

/** The error of an apply with the file of its first fault. */
function toLocated(error: unknown, documents: readonly SourcedDocument[]): unknown {
  if (!(error instanceof AppError) || error.faults === undefined) return error
  const [first] = error.faults
  const source = first === undefined ? undefined : documents[first.document]
  if (first === undefined || source === undefined) return error
  const more = error.faults.length === 1 ? '' : `; and ${error.faults.length - 1} more`
  return new AppError(error.code, `${toFaultText(first, source)}${more}`, { faults: error.faults, cause: error })
}
