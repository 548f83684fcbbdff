import type { Database } from 'better-sqlite3'
import type { CheckRequest, CheckStep, ExportPage, ExportRequest } from '../audit/audit-store.ts'
import { forEachLog } from '../audit/export-head.ts'
import { toRowLine } from '../audit/export-line.ts'
import { faultAt, type ProblemReason, toProblem } from '../audit/record-problem.ts'
import type { Link, LogName, Spans } from '../audit/row.ts'
import { RowHasher } from '../audit/row-hasher.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { CHAINED_TABLE, type ChainEnd, type Chains } from './chains.ts'
import { isSqliteError } from './database.ts'
import { RecordRows } from './record-rows.ts'

/** Verifies and exports the record, in steps. */
export class RecordAudit {
  readonly #chains: Chains
  readonly #rows: RecordRows
  readonly #hasher = new RowHasher()
  readonly #start
  readonly #before

  constructor(db: Database, chains: Chains) {
    this.#chains = chains
    this.#rows = new RecordRows(db)
    this.#start = firstSince(db)
    this.#before = forEachLog((log) => endBefore(db, log))
  }

  /** Rows that retention removes between two steps were verified, or are not missed. */
  check({ log, after, limit }: CheckRequest): CheckStep {
    const { anchor, head } = this.#chains.ends(log)
    let last: ChainEnd = after === null || after.sequence < anchor.sequence ? anchor : toEnd(after)
    let checked = 0
    const stop = (sequence: number, reason: ProblemReason): CheckStep => {
      return { checked, last: toLink(last), problem: toProblem(log, sequence, reason), isDone: true }
    }
    try {
      for (const stored of this.#rows.read(log, { after: last.sequence, through: Number.MAX_SAFE_INTEGER, limit })) {
        const { sequence } = stored.row
        const hash = this.#hasher.row(last.hash, stored.row)
        if (stored.hash === null || !hash.equals(stored.hash)) return stop(...faultAt(last.sequence, sequence))
        if (sequence === head.sequence && !hash.equals(head.hash)) return stop(sequence, 'changed')
        last = { sequence, hash }
        checked++
      }
    } catch (error) {
      if (isDamage(error)) return stop(last.sequence + 1, 'unreadable')
      throw error
    }
    if (checked === limit) return { checked, last: toLink(last), problem: null, isDone: false }
    if (last.sequence < head.sequence) return stop(last.sequence + 1, 'missing')
    return { checked, last: toLink(last), problem: null, isDone: true }
  }

  spans(since: UnixMillis | null): Spans {
    const firsts = since === null ? null : this.#start(since)
    return forEachLog((log) => {
      const { anchor } = this.#chains.ends(log)
      const end = this.#chains.end(log)
      const first = firsts?.[log]
      const from = firsts === null ? anchor : first === undefined ? end : (this.#before[log].get(first) ?? anchor)
      return { from: toLink(from), to: toLink(end) }
    })
  }

  lines({ log, after, through, limit }: ExportRequest): ExportPage {
    if (after.sequence < this.#chains.ends(log).anchor.sequence) {
      throw new AppError('resource.conflict', 'retention removed rows that were to be exported: export again')
    }
    let last = after
    let lines = ''
    let count = 0
    for (const { row, hash } of this.#rows.read(log, { after: after.sequence, through, limit })) {
      const link = { sequence: row.sequence, hash: hash?.toString('hex') ?? '' }
      lines += toRowLine({ row, previousHash: last.hash, hash: link.hash })
      last = link
      count++
    }
    return { lines, last: count < limit ? null : last }
  }
}

function toLink({ sequence, hash }: ChainEnd): Link {
  return { sequence, hash: hash.toString('hex') }
}

function toEnd({ sequence, hash }: Link): ChainEnd {
  return { sequence, hash: Buffer.from(hash, 'hex') }
}

/** What SQLite finds to be no page, record or file of its own. */
function isDamage(error: unknown): boolean {
  return isSqliteError(error) && /^SQLITE_(?:CORRUPT|NOTADB|IOERR)/.test(error.code)
}

function endBefore(db: Database, log: LogName) {
  const { table, sequence } = CHAINED_TABLE[log]
  return db.prepare<[number], ChainEnd>(
    `SELECT ${sequence} AS sequence, hash FROM ${table} WHERE ${sequence} < ? ORDER BY ${sequence} DESC LIMIT 1`,
  )
}

/**
 * The first row of each log that was written at a time or later; of the results, those of the first intent. A row that
 * was written when the clock was ahead may lie before them.
 */
function firstSince(db: Database): (since: UnixMillis) => Partial<Record<LogName, number>> {
  const intent = db
    .prepare<[number], number>('SELECT id FROM intents WHERE issued_at >= ? ORDER BY issued_at, id LIMIT 1')
    .pluck()
  const action = db
    .prepare<[number], number>('SELECT sequence FROM admin_actions WHERE at >= ? ORDER BY at, sequence LIMIT 1')
    .pluck()
  const result = db.prepare<[number], number>('SELECT min(sequence) FROM results WHERE last_id >= ?').pluck()
  return (since) => {
    const intents = intent.get(since)
    const results = intents === undefined ? undefined : result.get(intents)
    const actions = action.get(since)
    return {
      ...(intents === undefined ? {} : { intents }),
      ...(typeof results === 'number' ? { results } : {}),
      ...(actions === undefined ? {} : { actions }),
    }
  }
}
