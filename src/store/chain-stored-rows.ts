import type { Database } from 'better-sqlite3'
import { LOGS, type LogName } from '../audit/row.ts'
import { RowHasher } from '../audit/row-hasher.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { AdminActions } from './admin-actions.ts'
import { CHAINED_TABLE, Chains } from './chains.ts'
import { RecordRows } from './record-rows.ts'

const PAGE_ROWS = 1000

/**
 * Chains the rows of a record that is older than its chains, and marks that in the record: their hashes say what they
 * were at that time, and not that nobody changed them before. Part of the transaction of the migration.
 */
export function chainStoredRows(db: Database, at: UnixMillis): void {
  const rows = new RecordRows(db)
  const chains = new Chains(db)
  const counts = LOGS.map((log) => [log, chainLog(db, { log, rows, chains })] as const)
  if (counts.every(([, count]) => count === 0)) return
  const detail = Object.fromEntries(counts)
  new AdminActions(db, chains).append({ at, actor: 'alcazar', action: 'record.chain', target: 'record', detail })
}

interface LogToChain {
  readonly log: LogName
  readonly rows: RecordRows
  readonly chains: Chains
}

/** Gives the number of rows. */
function chainLog(db: Database, { log, rows, chains }: LogToChain): number {
  const hasher = new RowHasher()
  const { table, sequence: key } = CHAINED_TABLE[log]
  const save = db.prepare<[Buffer, number]>(`UPDATE ${table} SET hash = ? WHERE ${key} = ?`)
  let end = chains.ends(log).head
  let count = 0
  for (let more = true; more; ) {
    const page = [...rows.read(log, { after: end.sequence, through: Number.MAX_SAFE_INTEGER, limit: PAGE_ROWS })]
    for (const { row } of page) {
      end = { sequence: row.sequence, hash: hasher.row(end.hash, row) }
      save.run(end.hash, end.sequence)
    }
    count += page.length
    more = page.length === PAGE_ROWS
  }
  chains.advance(log, end)
  return count
}
