import type { Database } from 'better-sqlite3'
import { AUTHORITY_KINDS, type Rotation, type RotationState } from '../ca/authority.ts'
import { AppError } from '../kernel/errors.ts'
import { parseStored } from './stored-value.ts'

const STATES = ['distributing', 'activating', 'draining', 'done', 'aborted'] as const satisfies readonly RotationState[]

interface RotationRow {
  readonly id: string
  readonly kind: string
  readonly from_id: string
  readonly to_id: string
  readonly state: string
  readonly reason: string
  readonly actor: string
  readonly started_at: number
  readonly activated_at: number | null
  readonly ended_at: number | null
  readonly forced: number
}

const COLUMNS = 'id, kind, from_id, to_id, state, reason, actor, started_at, activated_at, ended_at, forced'

/** Rotations; `save` joins the transaction that is open. */
export class RotationTable {
  readonly #upsert
  readonly #all
  readonly #remove

  constructor(db: Database) {
    this.#upsert = db.prepare(
      `INSERT INTO rotations (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       state = excluded.state, activated_at = excluded.activated_at, ended_at = excluded.ended_at,
       forced = excluded.forced`,
    )
    this.#all = db.prepare<[], RotationRow>(
      `SELECT ${COLUMNS} FROM rotations ORDER BY ended_at IS NULL DESC, started_at DESC, id`,
    )
    this.#remove = db.prepare<[string]>('DELETE FROM rotations WHERE id = ?')
  }

  /** Those that run first, then the newest. */
  load(): readonly Rotation[] {
    return this.#all.all().map(fromRow)
  }

  remove(id: string): void {
    this.#remove.run(id)
  }

  /** Throws `authority.invalid_transition` when another of its kind runs. */
  save(rotation: Rotation): void {
    const { id, kind, from, to, state, reason, actor, startedAt, activatedAt, endedAt, forced } = rotation
    try {
      this.#upsert.run(id, kind, from, to, state, reason, actor, startedAt, activatedAt, endedAt, forced ? 1 : 0)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_UNIQUE')) throw error
      throw new AppError('authority.invalid_transition', `a rotation of the ${kind} runs already`)
    }
  }
}

function fromRow(row: RotationRow): Rotation {
  return {
    id: row.id,
    kind: parseStored(AUTHORITY_KINDS, row.kind, 'rotations.kind'),
    from: row.from_id,
    to: row.to_id,
    state: parseStored(STATES, row.state, 'rotations.state'),
    reason: row.reason,
    actor: row.actor,
    startedAt: row.started_at,
    activatedAt: row.activated_at,
    endedAt: row.ended_at,
    forced: row.forced === 1,
  }
}
