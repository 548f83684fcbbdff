import type { AdminAction } from '../kernel/admin-record.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import type { RecordProblem } from './record-problem.ts'
import type { Link, LogName, Spans } from './row.ts'

/** An administrative action with its place in the chain; hashes are 64 lower-case hex digits. */
export interface ChainedAction extends AdminAction {
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
}

/** Which actions: behind `after`, from `since` on, oldest first, so that who follows the record goes on at the last. */
export interface ActionQuery {
  readonly after: number
  readonly since: UnixMillis | null
  readonly limit: number
}

/** Where to go on verifying; null: where the chain begins. */
export interface CheckRequest {
  readonly log: LogName
  readonly after: Link | null
  readonly limit: number
}

/** `isDone` at the end of the chain, or at the first problem. */
export interface CheckStep {
  readonly checked: number
  readonly last: Link
  readonly problem: RecordProblem | null
  readonly isDone: boolean
}

/** The rows behind `after`, up to `through`. */
export interface ExportRequest {
  readonly log: LogName
  readonly after: Link
  readonly through: number
  readonly limit: number
}

/** Lines of an export; `last` is where to go on, null when there is nothing more. */
export interface ExportPage {
  readonly lines: string
  readonly last: Link | null
}

/** What verification and export ask of the store; each call is one short step. */
export interface AuditStore {
  /** At most `limit` actions; throws `request.malformed` for a limit that is not 1 to 1,000. */
  listActions(query: ActionQuery): Promise<readonly ChainedAction[]>
  checkRecord(request: CheckRequest): Promise<CheckStep>
  /** From the first row that is there, or was written at `since` or later, to the last one. */
  recordSpans(since: UnixMillis | null): Promise<Spans>
  /** Throws `resource.conflict` when retention removed rows that were to come. */
  exportRows(request: ExportRequest): Promise<ExportPage>
}
