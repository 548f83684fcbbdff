import type { Database } from 'better-sqlite3'
import type { Restoration } from '../ca/restoration.ts'
import type { AdminActions } from './admin-actions.ts'
import { parseStoredObject } from './stored-value.ts'

const ACTION = 'backup.restore'

/** The mark of a record that came out of a backup: an administrative action, as durable as the record itself. */
export class RestorationMark {
  readonly #actions: AdminActions
  readonly #newest

  constructor(db: Database, actions: AdminActions) {
    this.#actions = actions
    this.#newest = db.prepare<[string], { readonly at: number; readonly detail: string }>(
      'SELECT at, detail FROM admin_actions WHERE action = ? ORDER BY sequence DESC LIMIT 1',
    )
  }

  /** The last restoration, or null; looks through all actions, so it is asked once, at the start. */
  load(): Restoration | null {
    const row = this.#newest.get(ACTION)
    if (row === undefined) return null
    const { backupAt, isComplete } = parseStoredObject(row.detail, 'admin_actions.detail')
    if (typeof backupAt !== 'number') throw new Error('the database holds a restoration without the time of its backup')
    return { backupAt, at: row.at, isComplete: isComplete === true }
  }

  add({ backupAt, at, isComplete }: Restoration): void {
    this.#actions.append({ at, actor: 'local', action: ACTION, target: 'record', detail: { backupAt, isComplete } })
  }
}
