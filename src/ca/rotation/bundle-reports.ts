import type { Log } from '../../kernel/log.ts'
import type { BundleReport, UptakeRecord } from './uptake.ts'

export interface BundleReportsDeps {
  readonly record: UptakeRecord
  readonly log: Log
  /** Whether a gate looks at them: while an authority waits to be known. */
  readonly isNeeded: () => boolean
}

const FLUSH_MS = 500
const MAX_WAITING = 100_000

/**
 * Collects who is known to use which bundle – who polls for it, and who shows the certificate that it renewed into – and
 * stores it twice a second. What is lost in a crash only keeps a gate closed for longer.
 */
export class BundleReports {
  readonly #deps: BundleReportsDeps
  readonly #waiting = new Map<string, BundleReport>()
  /** By the serial of the certificate that came with the bundle, oldest first. */
  readonly #unproven = new Map<string, BundleReport>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: BundleReportsDeps) {
    this.#deps = deps
  }

  /** A holder says which bundle it uses, by its certificate. */
  add(report: BundleReport): void {
    this.shown(report.serial)
    this.#collect(report)
  }

  /**
   * A certificate was renewed: its holder is `report.serial`, and has the bundle only if the answer arrived. Signed is
   * not delivered, so it counts once the `successor` is shown.
   */
  renewed(report: BundleReport, successor: string): void {
    if (!this.#deps.isNeeded()) {
      this.#unproven.clear()
      return
    }
    const [oldest] = this.#unproven.keys()
    if (oldest !== undefined && this.#unproven.size >= MAX_WAITING) this.#unproven.delete(oldest)
    this.#unproven.set(successor, report)
  }

  /** Somebody holds the key of this certificate, so what was sent with it arrived. */
  shown(serial: string): void {
    const report = this.#unproven.get(serial)
    if (report === undefined) return
    this.#unproven.delete(serial)
    this.#collect(report)
  }

  #collect(report: BundleReport): void {
    if (!this.#deps.isNeeded() || this.#waiting.size >= MAX_WAITING) return
    if ((this.#waiting.get(report.serial)?.sequence ?? -1) >= report.sequence) return
    this.#waiting.set(report.serial, report)
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref()
  }

  /** Stores what waits; never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const reports = [...this.#waiting.values()]
    this.#waiting.clear()
    if (reports.length === 0) return
    try {
      await this.#deps.record.reportBundles(reports)
    } catch (error) {
      this.#deps.log.warn('rotation.reports_lost', { error, reports: reports.length })
    }
  }
}
