import type { Clock, UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { Looks } from '../../kernel/looks.ts'
import { type CaDirectory, type NamedText, readCaDirectory } from '../../pki/ca-directory.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import { type Importer, type ImportOutcome, toRefusal } from './importer.ts'

/** How the watched directory is. */
export interface ImportStatus {
  readonly directory: string
  /** What it holds was accepted: it signs, or does as soon as its gate opens. */
  readonly isOk: boolean
  /** Why not; what was accepted before goes on. */
  readonly problem: string | null
  readonly findings: readonly FileFinding[]
  /** Id of the intermediate that was accepted last. */
  readonly authority: string | null
  readonly readAt: UnixMillis | null
  readonly acceptedAt: UnixMillis | null
}

/** Hears that something below a directory may have changed; a hint and no more. */
export interface DirectoryListener {
  /** Listens where the directory really is now. */
  follow(): Promise<void>
  close(): void
}

export interface ImportWatchDeps {
  readonly importer: Importer
  /** Takes CRLs in place of those before; gives what is wrong with their form. */
  readonly takeCrls: (crls: NamedText | null) => Promise<readonly FileFinding[]>
  readonly listen: (directory: string, onEvent: () => void) => DirectoryListener
  readonly clock: Clock
  readonly log: Log
}

export interface ImportWatchOptions {
  /** Absolute. */
  readonly directory: string
  /** Read again whenever it changes, and not at the start alone. */
  readonly isWatched: boolean
}

/** Changes come in flocks: this long after one the directory is read. */
const QUIET_MS = 200
const POLL_MS = 5000

/** Keeps the authority of a directory in force: each change of its files is judged, and refused or accepted in public. */
export class ImportWatch {
  readonly #options: ImportWatchOptions
  readonly #deps: ImportWatchDeps
  readonly #events: DirectoryListener
  #status: ImportStatus
  /** Of the files that were accepted last; those that were refused are judged again, as time and other changes may help. */
  #digest: string | null = null
  readonly #looks: Looks

  constructor(options: ImportWatchOptions, deps: ImportWatchDeps) {
    this.#options = options
    this.#deps = deps
    this.#looks = new Looks(() => this.#lookOnce(), deps.clock)
    this.#events = deps.listen(options.directory, () => this.#looks.in(QUIET_MS))
    this.#status = {
      directory: options.directory,
      isOk: false,
      problem: 'it was not read yet',
      findings: [],
      authority: null,
      readAt: null,
      acceptedAt: null,
    }
  }

  status(): ImportStatus {
    return this.#status
  }

  /** Reads the directory for the first time, then whenever it changes. Never rejects: the status tells. */
  open(): Promise<void> {
    return this.#looks.now()
  }

  /** Waits for a reading that is under way. */
  async close(): Promise<void> {
    this.#events.close()
    await this.#looks.close()
  }

  async #lookOnce(): Promise<number | null> {
    try {
      if (this.#options.isWatched) await this.#events.follow()
      await this.#read()
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error), [])
    }
    return this.#options.isWatched ? POLL_MS : null
  }

  async #read(): Promise<void> {
    const found = await readCaDirectory(this.#options.directory)
    if (found.digest === this.#digest) return
    const ofCrls = found.digest === '' ? [] : await this.#deps.takeCrls(found.crls) // also where the signer is refused
    const outcome = await this.#import({ ...found, findings: [...found.findings, ...ofCrls] })
    this.#digest = outcome.accepted ? found.digest : null
    if (outcome.accepted) this.#accept(outcome)
    else this.#refuse(toRefusal(outcome.findings).message, outcome.findings)
  }

  async #import({ material, findings }: CaDirectory): Promise<ImportOutcome> {
    if (material === null) return { accepted: false, findings, id: null, authorities: [] }
    const { directory } = this.#options
    const note = { actor: `directory ${directory}`, reason: 'its files changed', isWhole: true }
    const outcome = await this.#deps.importer.import(material, note)
    return { ...outcome, findings: [...findings, ...outcome.findings] }
  }

  #accept({ id, findings, authorities }: ImportOutcome): void {
    const { directory } = this.#options
    const now = this.#deps.clock.now()
    this.#status = { directory, isOk: true, problem: null, findings, authority: id, readAt: now, acceptedAt: now }
    const warnings = findings.map(({ file, code }) => `${file}: ${code}`)
    this.#deps.log.info('authority.import_accepted', {
      directory,
      authority: id,
      adopted: authorities.length,
      warnings,
    })
  }

  #refuse(problem: string, findings: readonly FileFinding[]): void {
    const { directory } = this.#options
    const { isOk, problem: before } = this.#status
    this.#status = { ...this.#status, isOk: false, problem, findings, readAt: this.#deps.clock.now() }
    if (!isOk && problem === before) return
    const errors = findings.map(({ file, code }) => `${file}: ${code}`)
    this.#deps.log.error('authority.import_refused', { directory, problem, findings: errors })
  }
}
