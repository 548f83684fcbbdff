import { forEachLog } from './export-head.ts'
import type { ExportedRow } from './export-line.ts'
import { LOGS, type LogName, type RecordRow } from './row.ts'

/** An export and the record in use, each in the order of an export. */
export interface ComparedRecords {
  readonly exported: AsyncIterable<ExportedRow>
  readonly record: AsyncIterable<ExportedRow>
  /** The last row that the record has or had, by log: retention may have removed it since. */
  readonly newest: Readonly<Record<LogName, number>>
}

/** What the export holds and the record does not. */
export interface Comparison {
  /** By log: the last row that both hold, 0 for none, and how many rows are in the export alone. */
  readonly logs: Readonly<Record<LogName, LogComparison>>
  /** The first of those rows, of intents and actions: at most 10,000. */
  readonly lost: readonly RecordRow[]
}

interface LogComparison {
  common: number
  lost: number
}

const MAX_KEPT = 10_000

/**
 * Walks both at once, in memory that does not grow with them. A row is the same where its hash is, which covers all rows
 * before it. What retention removed from the record is not lost.
 */
export async function compareRecords({ exported, record, newest }: ComparedRecords): Promise<Comparison> {
  const logs = forEachLog((): LogComparison => ({ common: 0, lost: 0 }))
  const lost: RecordRow[] = []
  const cursor = new Cursor(record)
  for await (const { row, hash } of exported) {
    const { log, sequence } = row
    const found = await cursor.seek(log, sequence)
    if (found?.hash === hash) logs[log].common = sequence
    else if (found !== null || sequence >= (cursor.firstOf(log) ?? newest[log] + 1)) {
      logs[log].lost++
      if (log !== 'results' && lost.length < MAX_KEPT) lost.push(row)
    }
  }
  return { logs, lost }
}

/** Goes forward through the rows of the record. */
class Cursor {
  readonly #rows: AsyncIterator<ExportedRow>
  readonly #first = new Map<LogName, number>()
  #current: ExportedRow | null = null
  #isBegun = false

  constructor(rows: AsyncIterable<ExportedRow>) {
    this.#rows = rows[Symbol.asyncIterator]()
  }

  /** The row of this place, or null; places must be asked for in their order. */
  async seek(log: LogName, sequence: number): Promise<ExportedRow | null> {
    if (!this.#isBegun) await this.#step()
    while (this.#current !== null && isBefore(this.#current.row, { log, sequence })) await this.#step()
    const row = this.#current?.row
    return row?.log === log && row.sequence === sequence ? this.#current : null
  }

  /** The first row of the log; undefined where none was met up to the place that was asked for. */
  firstOf(log: LogName): number | undefined {
    return this.#first.get(log)
  }

  async #step(): Promise<void> {
    this.#isBegun = true
    const { done, value } = await this.#rows.next()
    this.#current = done === true ? null : value
    if (this.#current === null) return
    const { log, sequence } = this.#current.row
    if (!this.#first.has(log)) this.#first.set(log, sequence)
  }
}

function isBefore(a: RecordRow, b: Pick<RecordRow, 'log' | 'sequence'>): boolean {
  return a.log === b.log ? a.sequence < b.sequence : LOGS.indexOf(a.log) < LOGS.indexOf(b.log)
}
