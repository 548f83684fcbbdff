import type { Database } from 'better-sqlite3'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import { checkLimit, parseCursor, toCursor } from './cursor.ts'

interface AdminActionRow {
  readonly sequence: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string
}

/** The record of administrative actions; `append` joins the transaction that is open. */
export class AdminActions {
  readonly #insert
  readonly #page

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT INTO admin_actions (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)')
    this.#page = db.prepare<[number, number], AdminActionRow>(
      'SELECT sequence, at, actor, action, target, detail FROM admin_actions WHERE sequence < ? ORDER BY sequence DESC LIMIT ?',
    )
  }

  append({ at, actor, action, target, detail }: AdminAction): void {
    this.#insert.run(at, actor, action, target, JSON.stringify(detail))
  }

  /** Newest first. */
  list({ limit, after }: PageRequest): Page<AdminAction> {
    checkLimit(limit)
    const [below = 0] = after === undefined ? [Number.MAX_SAFE_INTEGER] : parseCursor(after, 1)
    const rows = this.#page.all(below, limit + 1)
    const items = rows.slice(0, limit)
    const last = items.at(-1)
    const next = rows.length > limit && last !== undefined ? toCursor(last.sequence) : null
    return { items: items.map(toAdminAction), next }
  }
}

function toAdminAction({ at, actor, action, target, detail }: AdminActionRow): AdminAction {
  return { at, actor, action, target, detail: parseDetail(detail) }
}

function parseDetail(text: string): AdminAction['detail'] {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('the database holds a detail that is no object')
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, parseField(field)]))
}

function parseField(field: unknown): string | number | boolean | null {
  if (field === null || typeof field === 'string' || typeof field === 'number' || typeof field === 'boolean')
    return field
  throw new Error('the database holds a detail that is not flat')
}
