import type { Database } from 'better-sqlite3'
import type { JoinToken } from '../identity/join-token-store.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { AdminActions } from './admin-actions.ts'
import { newestFirst } from './page.ts'

interface JoinTokenRow {
  readonly number: number
  readonly id: string
  readonly hash: Buffer
  readonly identity: string
  readonly created_at: number
  readonly expires_at: number
  readonly uses: number
  readonly used: number
  readonly created_by: string
  readonly revoked: number
}

const SELECT =
  'SELECT number, id, hash, identity, created_at, expires_at, uses, used, created_by, revoked FROM join_tokens'

/** Join tokens on disk; their uses are counted by `Spending`. */
export class JoinTokens {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #insert
  readonly #byHash
  readonly #page
  readonly #revoke
  readonly #exists

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#insert = db.prepare(
      `INSERT INTO join_tokens (id, hash, identity, created_at, expires_at, uses, used, created_by, revoked)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#byHash = db.prepare<[Uint8Array], JoinTokenRow>(`${SELECT} WHERE hash = ?`)
    this.#page = db.prepare<[number, number], JoinTokenRow>(`${SELECT} WHERE number < ? ORDER BY number DESC LIMIT ?`)
    this.#revoke = db.prepare<[string]>('UPDATE join_tokens SET revoked = 1 WHERE id = ? AND revoked = 0')
    this.#exists = db.prepare<[string]>('SELECT 1 FROM join_tokens WHERE id = ?')
  }

  create(token: JoinToken): void {
    const { id, identity, createdAt, expiresAt, uses, createdBy: actor } = token
    this.#db.transaction(() => {
      this.#insert.run(...toRow(token))
      this.#actions.append({
        at: createdAt,
        actor,
        action: 'token.create',
        target: id,
        detail: { identity, expiresAt, uses },
      })
    })()
  }

  findByHash(hash: Uint8Array): JoinToken | null {
    const row = this.#byHash.get(hash)
    return row === undefined ? null : fromRow(row)
  }

  list(page: PageRequest): Page<JoinToken> {
    const read = (below: number, limit: number) => this.#page.all(below, limit)
    return newestFirst(page, read, { item: fromRow, key: ({ number }) => [number] })
  }

  /** False when there is no such token; revoking it again changes nothing. */
  revoke(id: string, actor: string, at: UnixMillis): boolean {
    return this.#db.transaction(() => {
      if (this.#revoke.run(id).changes === 0) return this.#exists.get(id) !== undefined
      this.#actions.append({ at, actor, action: 'token.revoke', target: id, detail: {} })
      return true
    })()
  }
}

function toRow(token: JoinToken): readonly unknown[] {
  const { id, hash, identity, createdAt, expiresAt, uses, used, createdBy, revoked } = token
  return [id, hash, identity, createdAt, expiresAt, uses, used, createdBy, revoked ? 1 : 0]
}

function fromRow(row: JoinTokenRow): JoinToken {
  return {
    id: row.id,
    hash: row.hash,
    identity: row.identity,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    uses: row.uses,
    used: row.used,
    createdBy: row.created_by,
    revoked: row.revoked !== 0,
  }
}
