import { type Static, Type } from 'typebox'
import type { Restoration } from '../../ca/restoration.ts'
import { Timestamp } from './fields.ts'
import { toMillisTimestamp } from './time.ts'

/** Says of a record that it came out of a backup; null where it did not. */
export const RestoredField = Type.Union([
  Type.Object({
    at: Timestamp,
    backupAt: Timestamp,
    complete: Type.Boolean({ description: 'False: what was issued between the two times is not in this record' }),
  }),
  Type.Null(),
])

/** Millis → RFC 3339. */
export function toRestored(restoration: Restoration | null): Static<typeof RestoredField> {
  if (restoration === null) return null
  const { at, backupAt, isComplete } = restoration
  return { at: toMillisTimestamp(at), backupAt: toMillisTimestamp(backupAt), complete: isComplete }
}
