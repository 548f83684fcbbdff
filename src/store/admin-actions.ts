import type { Database } from 'better-sqlite3'
import type { ActionQuery, ChainedAction } from '../audit/audit-store.ts'
import { RowHasher } from '../audit/row-hasher.ts'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Chains } from './chains.ts'
import { checkLimit } from './cursor.ts'
import { newestFirst } from './page.ts'

interface AdminActionRow {
  readonly sequence: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string
}

interface ChainedRow extends AdminActionRow {
  readonly previous_hash: Buffer
  readonly hash: Buffer
}

const COLUMNS = 'sequence, at, actor, action, target, detail'

/** The record of administrative actions; `append` joins the transaction that is open. */
export class AdminActions {
  readonly #append: (action: AdminAction) => void
  readonly #page
  readonly #chained

  constructor(db: Database, chains: Chains) {
    this.#append = db.transaction(appender(db, chains))
    this.#page = db.prepare<[number, number], AdminActionRow>(
      `SELECT ${COLUMNS} FROM admin_actions WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
    )
    this.#chained = db.prepare<[number, number, number], ChainedRow>(
      `SELECT ${COLUMNS}, hash, coalesce((SELECT p.hash FROM admin_actions AS p WHERE p.sequence < a.sequence
       ORDER BY p.sequence DESC LIMIT 1), (SELECT anchor_hash FROM chains WHERE log = 'actions')) AS previous_hash
       FROM admin_actions AS a WHERE sequence > ? AND at >= ? ORDER BY sequence LIMIT ?`,
    )
  }

  append(action: AdminAction): void {
    this.#append(action)
  }

  /** Newest first. */
  list(page: PageRequest): Page<AdminAction> {
    const read = (below: number, limit: number) => this.#page.all(below, limit)
    return newestFirst(page, read, { item: toAdminAction, key: ({ sequence }) => [sequence] })
  }

  /** Oldest first, with their hashes. */
  chained({ after, since, limit }: ActionQuery): readonly ChainedAction[] {
    checkLimit(limit)
    return this.#chained.all(after, since ?? Number.MIN_SAFE_INTEGER, limit).map((row) => ({
      sequence: row.sequence,
      ...toAdminAction(row),
      previousHash: row.previous_hash.toString('hex'),
      hash: row.hash.toString('hex'),
    }))
  }
}

function appender(db: Database, chains: Chains): (action: AdminAction) => void {
  const hasher = new RowHasher()
  const insert = db.prepare(
    'INSERT INTO admin_actions (sequence, at, actor, action, target, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  return ({ at, actor, action, target, detail }) => {
    const end = chains.end('actions')
    const text = JSON.stringify(detail)
    const sequence = end.sequence + 1
    const hash = hasher.action(end.hash, sequence, { at, actor, action, target, detail: text })
    insert.run(sequence, at, actor, action, target, text, hash)
    chains.advance('actions', { sequence, hash })
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
