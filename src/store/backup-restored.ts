import { BackupError } from '../backup/backup-error.ts'
import type { Restoration } from '../ca/restoration.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { type CarriedOver, carryOver, type OpenRecord } from './backup-carry-over.ts'
import { openDatabase } from './database.ts'
import { readMigrations } from './migrations.ts'
import { openRecordDatabase, type RecordDatabase } from './record-database.ts'

/** What became of a restored record. */
export interface RestoredRecord {
  readonly bundleSequence: number
  /** Join tokens that could still have been used, and cannot any more. */
  readonly endedTokens: number
  /** Null where no earlier record was given. */
  readonly carriedOver: CarriedOver | null
}

/**
 * Clients may have seen later bundles than that of the backup, and take what they hold for newer than what follows
 * unless the sequence goes past it; a service does not change its bundle that often between two backups.
 */
const SEQUENCE_STEP = 1000
const KEEP_ALL = { issuedSeconds: null, auditSeconds: null }

/**
 * Makes the database of a backup fit for use: whole, of this program's schema, marked as restored, and without what
 * may have been used up since. `earlier` is a copy of the record that was in use until now; it is brought to this
 * schema too. Throws `backup.damaged`, `restore.unrelated` and `StoreOpenError`.
 */
export function completeRestored(
  file: string,
  { backupAt, at }: Omit<Restoration, 'isComplete'>,
  earlier: string | null,
): RestoredRecord {
  const restored = openRecord(file, 'the database in the backup was damaged before it was backed up')
  try {
    const carriedOver = earlier === null ? null : carryOverFrom(earlier, restored, at)
    const { calls } = restored.record
    const { bundleSequence: stored } = calls.loadAuthorities(null)
    const bundleSequence = Math.max(stored, carriedOver?.bundleSequence ?? 0) + SEQUENCE_STEP
    const endedTokens = endTokens(restored.record, at)
    const action = { actor: 'local', action: 'bundle.advance', reason: 'restored from a backup', at }
    calls.saveAuthorities({ authorities: [], bundleSequence, ...action })
    calls.markRestored({ backupAt, at, isComplete: carriedOver !== null })
    return { bundleSequence, endedTokens, carriedOver }
  } finally {
    restored.db.close()
  }
}

function openRecord(file: string, whenDamaged: string): OpenRecord {
  const db = openDatabase(file, readMigrations())
  try {
    const finding: unknown = db.pragma('integrity_check(1)', { simple: true })
    if (finding !== 'ok') throw new BackupError('backup.damaged', `${whenDamaged}: ${finding}`)
    return { db, record: openRecordDatabase(db, KEEP_ALL) }
  } catch (error) {
    db.close()
    throw error
  }
}

function carryOverFrom(file: string, restored: OpenRecord, now: UnixMillis): CarriedOver {
  const earlier = openRecord(file, 'the database of --previous is damaged: restore without it')
  try {
    return carryOver(earlier, restored, now)
  } finally {
    earlier.db.close()
  }
}

/** A join token may have been used since the backup: what counts its uses is the record that was lost. */
function endTokens(record: RecordDatabase, at: UnixMillis): number {
  let ended = 0
  for (let after: string | null | undefined; after !== null; ) {
    const { items, next } = record.calls.listTokens({ limit: 1000, ...(after === undefined ? {} : { after }) })
    for (const { id, revoked, used, uses, expiresAt } of items) {
      if (revoked || used >= uses || expiresAt * 1000 <= at) continue
      record.calls.revokeToken({ id, actor: 'local', at })
      ended++
    }
    after = next
  }
  return ended
}
