import type { Database } from 'better-sqlite3'
import {
  AUTHORITY_KINDS,
  type Authority,
  type AuthorityChange,
  type AuthorityState,
  type StoredAuthorities,
} from '../ca/authority.ts'
import { KEY_TYPES } from '../pki/key-types.ts'
import type { AdminActions } from './admin-actions.ts'
import { RotationTable } from './rotation-table.ts'
import { parseStored, parseTexts } from './stored-value.ts'

const STATES = [
  'prepared',
  'active',
  'draining',
  'trusted',
  'retired',
  'tainted',
  'revoked',
] as const satisfies readonly AuthorityState[]

interface AuthorityRow {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly key_type: string
  readonly not_before: number
  readonly not_after: number
  readonly issuer: string
  readonly certificate: string
  readonly created_at: number
  readonly published_sequence: number
  readonly changed_at: number
  readonly chain: string
}

const COLUMNS = `id, kind, state, key_type, not_before, not_after, issuer, certificate, created_at, published_sequence,
  changed_at, chain`

/** Authorities and the sequence of the bundle on disk. */
export class AuthorityTable {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #upsert
  readonly #all
  readonly #sequence
  readonly #setSequence
  readonly #remove
  readonly #removeCrl
  readonly #rotations: RotationTable

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#rotations = new RotationTable(db)
    this.#upsert = db.prepare(
      `INSERT INTO authorities (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, not_before = excluded.not_before, not_after = excluded.not_after, issuer = excluded.issuer,
       certificate = excluded.certificate, published_sequence = excluded.published_sequence,
       changed_at = excluded.changed_at, chain = excluded.chain`,
    )
    this.#all = db.prepare<[], AuthorityRow>(`SELECT ${COLUMNS} FROM authorities ORDER BY created_at, id`)
    this.#sequence = db.prepare<[], number>('SELECT sequence FROM bundle_state').pluck()
    this.#remove = db.prepare<[string]>('DELETE FROM authorities WHERE id = ?')
    this.#removeCrl = db.prepare<[string]>('DELETE FROM crls WHERE authority = ?')
    this.#setSequence = db.prepare<[number]>('UPDATE bundle_state SET sequence = ?')
  }

  load(): StoredAuthorities {
    const authorities = this.#all.all().map(fromRow)
    return { authorities, rotations: this.#rotations.load(), bundleSequence: this.#sequence.get() ?? 0 }
  }

  /** All of the change, with its admin record, in one transaction. */
  save(change: AuthorityChange): void {
    const { authorities, rotations = [], bundleSequence, forgotten = [], actor, action, reason, at } = change
    this.#db.transaction(() => {
      for (const authority of authorities) this.#upsert.run(...toRow(authority))
      for (const rotation of rotations) this.#rotations.save(rotation)
      for (const id of forgotten) this.#forget(id)
      this.#setSequence.run(bundleSequence)
      const target = [...rotations.map(({ id }) => id), ...authorities.map(({ id }) => id), ...forgotten].join(' ')
      this.#actions.append({
        at,
        actor,
        action,
        target,
        detail: { bundleSequence, ...(reason === undefined ? {} : { reason }) },
      })
    })()
  }

  /** An authority with its CRL, or a rotation. */
  #forget(id: string): void {
    this.#removeCrl.run(id)
    this.#remove.run(id)
    this.#rotations.remove(id)
  }
}

function toRow(authority: Authority): readonly unknown[] {
  const { id, kind, state, keyType, notBefore, notAfter, issuer, certificate, createdAt } = authority
  const { publishedSequence, changedAt, chain } = authority
  const added = [publishedSequence, changedAt, JSON.stringify(chain)]
  return [id, kind, state, keyType, notBefore, notAfter, issuer, certificate, createdAt, ...added]
}

function fromRow(row: AuthorityRow): Authority {
  return {
    id: row.id,
    kind: parseStored(AUTHORITY_KINDS, row.kind, 'authorities.kind'),
    state: parseStored(STATES, row.state, 'authorities.state'),
    keyType: parseStored(KEY_TYPES, row.key_type, 'authorities.key_type'),
    notBefore: row.not_before,
    notAfter: row.not_after,
    issuer: row.issuer,
    certificate: row.certificate,
    createdAt: row.created_at,
    publishedSequence: row.published_sequence,
    changedAt: row.changed_at,
    chain: parseTexts(row.chain),
  }
}
