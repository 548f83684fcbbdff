import type { UnixMillis } from '../kernel/clock.ts'

/** The record came out of a backup. */
export interface Restoration {
  readonly backupAt: UnixMillis
  readonly at: UnixMillis
  /** Whether what was issued between the two times was carried over; otherwise it is not here, and may be valid. */
  readonly isComplete: boolean
}
