import type { Clock, UnixMillis } from '../kernel/clock.ts'
import type { AuditStore } from './audit-store.ts'
import { toHeadPayload } from './export-head.ts'
import { toHeadLine } from './export-line.ts'
import { type HeadSigner, signHead } from './head-signature.ts'
import { type Link, LOGS, type LogName, type Spans } from './row.ts'

export interface ExportDeps {
  readonly store: Pick<AuditStore, 'recordSpans' | 'exportRows'>
  /** The authority that signs now; throws `issue.no_active_authority`. */
  readonly signer: () => HeadSigner
  readonly trustDomain: string
  readonly clock: Clock
}

const PAGE_ROWS = 500

/**
 * The record as JSON lines: every row from `since` on (null: all), and at last its signed head. Rows that are written
 * meanwhile are left out; what can be refused is refused before the first line.
 */
export async function exportRecord(deps: ExportDeps, since: UnixMillis | null): Promise<AsyncIterable<string>> {
  deps.signer()
  const spans = await deps.store.recordSpans(since)
  return toLines(deps, spans)
}

async function* toLines(deps: ExportDeps, spans: Spans): AsyncGenerator<string> {
  const { store, signer, trustDomain, clock } = deps
  for (const log of LOGS) yield* toRowLines(store, log, spans)
  yield toHeadLine(await signHead(toHeadPayload({ at: clock.now(), trustDomain, logs: spans }), signer()))
}

async function* toRowLines(store: ExportDeps['store'], log: LogName, spans: Spans): AsyncGenerator<string> {
  const { from, to } = spans[log]
  let after: Link | null = from
  while (after !== null) {
    const { lines, last } = await store.exportRows({ log, after, through: to.sequence, limit: PAGE_ROWS })
    if (lines !== '') yield lines
    after = last
  }
}
