import type { X509Certificate } from 'node:crypto'
import { type ExportHead, forEachLog, parseHeadPayload } from './export-head.ts'
import { type ExportedRow, linkOf, parseLine } from './export-line.ts'
import { readSignedHead } from './head-signature.ts'
import { checkHeadTrust } from './head-trust.ts'
import { MalformedExport } from './malformed-export.ts'
import { faultAt } from './record-problem.ts'
import { type Link, LOGS, type LogName, type Span } from './row.ts'
import { RowHasher } from './row-hasher.ts'

/** What an export must fit to: the roots that are trusted, and where an earlier export of the same record ended. */
export interface ExportExpectation {
  readonly roots: readonly X509Certificate[]
  readonly earlier: ExportHead | null
}

/** What was verified. */
export interface VerifiedExport {
  readonly rows: number
  readonly head: ExportHead
  /** Subject of the certificate whose key signed. */
  readonly signer: string
}

interface Progress {
  from: Link
  last: Link
}

/** Verifies an export line by line, in memory that does not grow with it; throws `MalformedExport` at the first fault. */
export class ExportVerifier {
  readonly #expectation: ExportExpectation
  readonly #hasher = new RowHasher()
  readonly #progress: Record<LogName, Progress | null> = forEachLog(() => null)
  readonly #joined = new Set<LogName>()
  #rows = 0
  #verified: VerifiedExport | null = null

  constructor(expectation: ExportExpectation) {
    this.#expectation = expectation
  }

  /** The next line, its newline left out. */
  take(text: string): void {
    if (this.#verified !== null) throw new MalformedExport('it stands behind the head, which is the last line')
    const line = parseLine(text)
    if (line.kind === 'row') this.#takeRow(line)
    else this.#verified = this.#takeHead(line.jws)
  }

  /** After the last line. */
  end(): VerifiedExport {
    if (this.#verified === null) throw new MalformedExport('the head is missing: the end of the file was cut off')
    return this.#verified
  }

  #takeRow(line: ExportedRow): void {
    const { log, sequence } = line.row
    const { from, last } = this.#progress[log] ?? { from: toStart(line), last: toStart(line) }
    if (line.previousHash !== last.hash || sequence <= last.sequence) {
      throw MalformedExport.row(log, ...faultAt(last.sequence, sequence))
    }
    const hash = this.#hasher.row(Buffer.from(line.previousHash, 'hex'), line.row).toString('hex')
    if (hash !== line.hash) throw MalformedExport.row(log, sequence, 'changed')
    const pin = this.#expectation.earlier?.logs[log].to
    if (pin?.sequence === sequence) {
      if (pin.hash !== hash) throw MalformedExport.row(log, sequence, 'forked')
      this.#joined.add(log)
    }
    this.#progress[log] = { from, last: linkOf(line) }
    this.#rows++
  }

  #takeHead(jws: string): VerifiedExport {
    const { payload, chain } = readSignedHead(jws)
    const head = parseHeadPayload(payload)
    checkHeadTrust(chain, { roots: this.#expectation.roots, at: head.at })
    for (const log of LOGS) this.#checkSpan(log, head.logs[log])
    this.#checkEarlier(head)
    return { rows: this.#rows, head, signer: chain[0]?.subject.replaceAll('\n', ', ') ?? '' }
  }

  /** The rows of the file are those that the head was signed for: none is missing before, between or behind them. */
  #checkSpan(log: LogName, { from, to }: Span): void {
    const progress = this.#progress[log]
    const last = progress?.last ?? from
    if (last.sequence < to.sequence) throw MalformedExport.row(log, last.sequence + 1, 'missing')
    if (last.sequence > to.sequence || last.hash !== to.hash) throw MalformedExport.row(log, last.sequence, 'changed')
    if (progress !== null && (progress.from.hash !== from.hash || progress.from.sequence < from.sequence)) {
      throw MalformedExport.row(log, ...faultAt(from.sequence, progress.from.sequence + 1))
    }
  }

  /** The record goes on where the earlier export ended: what that one holds is still so. */
  #checkEarlier({ trustDomain, logs }: ExportHead): void {
    const { earlier } = this.#expectation
    if (earlier === null) return
    if (trustDomain !== earlier.trustDomain)
      throw new MalformedExport('it is of another trust domain than the file before')
    for (const log of LOGS) this.#checkJoin(log, logs[log], earlier.logs[log].to)
  }

  #checkJoin(log: LogName, { from, to }: Span, end: Link): void {
    if (to.sequence < end.sequence) throw MalformedExport.row(log, to.sequence + 1, 'missing')
    if (from.sequence > end.sequence) {
      const gap = `it begins behind row ${from.sequence} of ${log}, and the file before ends at ${end.sequence}`
      throw new MalformedExport(`${gap}: export again with an earlier --since`)
    }
    const isJoined = from.sequence === end.sequence ? from.hash === end.hash : this.#joined.has(log)
    if (!isJoined) throw MalformedExport.row(log, end.sequence, 'forked')
  }
}

/** What an export's first row of a log says of the row before it; the head tells whether that is so. */
function toStart({ row, previousHash }: ExportedRow): Link {
  return { sequence: row.sequence - 1, hash: previousHash }
}
