import type { Database } from 'better-sqlite3'
import { BackupError } from '../backup/backup-error.ts'
import type { Authority } from '../ca/authority.ts'
import type { DenyEntry } from '../ca/deny/deny-list.ts'
import type { IssuedRow } from '../ca/record.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { copyIntents } from './backup-copy-intents.ts'
import type { RecordDatabase } from './record-database.ts'

/** A record with its connection. */
export interface OpenRecord {
  readonly db: Database
  readonly record: RecordDatabase
}

const SHOWN = 100

/** An authority whose state in the earlier record is another than in the backup; null where it is in one only. */
interface ChangedAuthority {
  readonly id: string
  readonly kind: Authority['kind']
  readonly earlier: Authority['state'] | null
  readonly restored: Authority['state'] | null
}

/** What an earlier record knows beyond the backup. */
export interface CarriedOver {
  /** Certificates that were added to the restored record. */
  readonly certificates: number
  /** The newest of them, at most 100. */
  readonly newest: readonly IssuedRow[]
  /** What was denied since, denied again. */
  readonly denied: readonly DenyEntry[]
  /** Not put in force, because it is for a person to judge. */
  readonly authorities: readonly ChangedAuthority[]
  readonly resources: { readonly earlier: number; readonly restored: number }
  readonly bundleSequence: number
}

/**
 * Brings what happened after the backup from the record that was in use until now into the restored one: what was
 * issued, denied, revoked and spent. Throws `restore.unrelated` unless the one continues the other.
 */
export function carryOver(earlier: OpenRecord, restored: OpenRecord, now: UnixMillis): CarriedOver {
  const newest = refuseUnrelated(earlier.db, restored.db)
  const certificates = copyIntents(earlier.db, restored.record, { after: newest, now })
  copySpentTokens(earlier.db, restored.db)
  // also what nobody denies any more: a revoked certificate stays so until it expires (RFC 5280 §5.3.1)
  restored.record.calls.revoke({ revocations: earlier.record.calls.loadRevoked(null), now })
  const states = [earlier, restored].map(({ record }) => record.calls.loadAuthorities(null))
  return {
    certificates,
    newest: newestRows(restored.record, certificates),
    denied: copyDenied(earlier.record, restored.record),
    authorities: changedAuthorities(states[0]?.authorities ?? [], states[1]?.authorities ?? []),
    resources: { earlier: resourceVersion(earlier.db), restored: resourceVersion(restored.db) },
    bundleSequence: states[0]?.bundleSequence ?? 0,
  }
}

/** Ids ascend and are never given again, so what is above the newest of the backup was issued after it. */
function refuseUnrelated(earlier: Database, restored: Database): number {
  const newest = newestId(restored)
  const serialOf = 'SELECT serial FROM intents WHERE id = ?'
  const here = restored.prepare<[number], Buffer>(serialOf).pluck().get(newest)
  const there = earlier.prepare<[number], Buffer>(serialOf).pluck().get(newest) // none: retention removed it
  const ids = 'SELECT id FROM authorities'
  const known = new Set(earlier.prepare<[], string>(ids).pluck().all())
  const isOfOneService = restored
    .prepare<[], string>(ids)
    .pluck()
    .all()
    .some((id) => known.has(id))
  const isContinued = here === undefined || there === undefined || here.equals(there)
  if (isOfOneService && isContinued && newestId(earlier) >= newest) return newest
  const message =
    'the record of --previous does not continue that of the backup: it is older, of another service, or was itself restored from another backup'
  throw new BackupError('restore.unrelated', message)
}

function newestId(db: Database): number {
  const newest = 'SELECT max(removed_through, coalesce((SELECT max(id) FROM intents), 0)) FROM record_state'
  return Number(db.prepare(newest).pluck().get())
}

function newestRows({ calls }: RecordDatabase, count: number): readonly IssuedRow[] {
  return count === 0 ? [] : calls.listIssued({ limit: Math.min(count, SHOWN) }).items
}

function copyDenied(earlier: RecordDatabase, restored: RecordDatabase): readonly DenyEntry[] {
  const keyOf = ({ kind, value }: DenyEntry) => `${kind} ${value}`
  const known = new Set(restored.calls.loadDenied(null).map(keyOf))
  const since = earlier.calls.loadDenied(null).filter((entry) => !known.has(keyOf(entry)))
  for (const entry of since) restored.calls.addDenied(entry)
  return since
}

/** JWTs that may be used once stay used. */
function copySpentTokens(earlier: Database, restored: Database): void {
  const add = restored.prepare('INSERT INTO spent_jwts (hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const all = earlier.prepare<[], { hash: Buffer; expires_at: number }>('SELECT hash, expires_at FROM spent_jwts')
  restored.transaction(() => {
    for (const { hash, expires_at } of all.iterate()) add.run(hash, expires_at)
  })()
}

function changedAuthorities(
  earlier: readonly Authority[],
  restored: readonly Authority[],
): readonly ChangedAuthority[] {
  const stateIn = (authorities: readonly Authority[], id: string) =>
    authorities.find((authority) => authority.id === id)?.state ?? null
  const all = new Map([...earlier, ...restored].map(({ id, kind }) => [id, kind]))
  return [...all]
    .map(([id, kind]) => ({ id, kind, earlier: stateIn(earlier, id), restored: stateIn(restored, id) }))
    .filter((one) => one.earlier !== one.restored)
}

function resourceVersion(db: Database): number {
  return Number(db.prepare('SELECT version FROM resource_state').pluck().get())
}
