import type { Database } from 'better-sqlite3'
import type { DenyEntry, DenyKind } from '../ca/deny-list.ts'
import type { AdminActions } from './admin-actions.ts'
import { parseStored } from './stored-value.ts'

const KINDS = ['serial', 'identity', 'key'] as const satisfies readonly DenyKind[]
const ACTION = { serial: 'cert.revoke', identity: 'identity.deny', key: 'key.deny' } as const

type DenyRow = Omit<DenyEntry, 'kind'> & { readonly kind: string }

/** The deny list on disk. */
export class Denied {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #insert
  readonly #all

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#insert = db.prepare('INSERT INTO denied VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
    this.#all = db.prepare<[], DenyRow>('SELECT kind, value, reason, at, actor FROM denied')
  }

  load(): readonly DenyEntry[] {
    return this.#all.all().map((row) => ({ ...row, kind: parseStored(KINDS, row.kind, 'denied.kind') }))
  }

  /** With its admin record; adding it again changes nothing. */
  add({ kind, value, reason, at, actor }: DenyEntry): void {
    this.#db.transaction(() => {
      if (this.#insert.run(kind, value, reason, at, actor).changes === 0) return
      this.#actions.append({ at, actor, action: ACTION[kind], target: value, detail: { reason } })
    })()
  }
}
