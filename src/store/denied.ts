import type { Database } from 'better-sqlite3'
import { type DenyChange, type DenyEntry, type DenyKind, REMEMBERED_SECONDS } from '../ca/deny/deny-list.ts'
import { AppError } from '../kernel/errors.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { AdminActions } from './admin-actions.ts'
import { CRL_REASON_NAMES } from './crl-reason-names.ts'
import { newestFirst } from './page.ts'
import { parseStored } from './stored-value.ts'

const KINDS = ['serial', 'identity', 'key'] as const satisfies readonly DenyKind[]
const DENY = { serial: 'cert.revoke', identity: 'identity.deny', key: 'key.deny' } as const
const ALLOW = { serial: 'cert.allow', identity: 'identity.allow', key: 'key.allow' } as const
/** Asked at every issuance, so all of it is in memory. */
const MAX_ENTRIES = 100_000
const SELECT = 'SELECT number, kind, value, reason, reason_code, at, actor, not_after FROM denied'

interface DenyRow {
  readonly number: number
  readonly kind: string
  readonly value: string
  readonly reason: string
  readonly reason_code: string
  readonly at: number
  readonly actor: string
  readonly not_after: number | null
}

/** The deny list on disk. */
export class Denied {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #insert
  readonly #find
  readonly #all
  readonly #page
  readonly #unsettled
  readonly #settle
  readonly #remove
  readonly #forget
  readonly #count

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#insert = db.prepare(
      `INSERT INTO denied (kind, value, reason, reason_code, at, actor, not_after, settled)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
    )
    this.#find = db.prepare<[string, string], DenyRow>(`${SELECT} WHERE kind = ? AND value = ?`)
    this.#all = db.prepare<[], DenyRow>(`${SELECT} ORDER BY number`)
    this.#page = db.prepare<[number, number], DenyRow>(`${SELECT} WHERE number < ? ORDER BY number DESC LIMIT ?`)
    this.#unsettled = db.prepare<[], DenyRow>(`${SELECT} WHERE settled = 0 ORDER BY number`)
    this.#settle = db.prepare<[string, string]>(
      'UPDATE denied SET settled = 1 WHERE kind = ? AND value = ? AND settled = 0',
    )
    this.#remove = db.prepare<[string, string]>('DELETE FROM denied WHERE kind = ? AND value = ?')
    this.#forget = db.prepare<[number]>('DELETE FROM denied WHERE not_after < ?')
    this.#count = db.prepare<[], number>('SELECT count(*) FROM denied').pluck()
  }

  load(): readonly DenyEntry[] {
    return this.#all.all().map(fromRow)
  }

  loadUnsettled(): readonly DenyEntry[] {
    return this.#unsettled.all().map(fromRow)
  }

  /** Newest first. */
  list(page: PageRequest): Page<DenyEntry> {
    const read = (below: number, limit: number) => this.#page.all(below, limit)
    return newestFirst(page, read, { item: fromRow, key: ({ number }) => [number] })
  }

  /** With its admin record; the entry that is there already stays as it is. Gives the one in force. */
  add(entry: DenyEntry): DenyEntry {
    const { kind, value, reason, reasonCode, at, actor, notAfter } = entry
    return this.#db.transaction(() => {
      const known = this.#find.get(kind, value)
      if (known !== undefined) return fromRow(known)
      this.#forget.run(Math.floor(at / 1000) - REMEMBERED_SECONDS)
      if ((this.#count.get() ?? 0) >= MAX_ENTRIES) {
        throw new AppError('limit.size', `the deny list has ${MAX_ENTRIES} entries: remove those that nobody needs`)
      }
      this.#insert.run(kind, value, reason, reasonCode, at, actor, notAfter)
      this.#actions.append({ at, actor, action: DENY[kind], target: value, detail: { reason } })
      return entry
    })()
  }

  settle({ kind, value, actor, at, certificates }: DenyChange & { readonly certificates: number }): void {
    this.#db.transaction(() => {
      if (this.#settle.run(kind, value).changes === 0 || kind === 'serial') return
      this.#actions.append({ at, actor, action: 'cert.revoke', target: value, detail: { certificates } })
    })()
  }

  /** False when there is no such entry; otherwise with its admin record. */
  remove({ kind, value, actor, at }: DenyChange): boolean {
    return this.#db.transaction(() => {
      if (this.#remove.run(kind, value).changes === 0) return false
      this.#actions.append({ at, actor, action: ALLOW[kind], target: value, detail: {} })
      return true
    })()
  }
}

function fromRow(row: DenyRow): DenyEntry {
  return {
    kind: parseStored(KINDS, row.kind, 'denied.kind'),
    value: row.value,
    reason: row.reason,
    reasonCode: parseStored(CRL_REASON_NAMES, row.reason_code, 'denied.reason_code'),
    at: row.at,
    actor: row.actor,
    notAfter: row.not_after,
  }
}
