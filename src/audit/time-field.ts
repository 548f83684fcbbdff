import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'

/** The furthest time that `Date` knows (ECMA-262 §21.4.1.1); a row that was changed from outside may be beyond. */
const MAX_MILLIS = 8.64e15

/** RFC 3339 in UTC with milliseconds; the number itself where it is no time that can be written. */
export function toMillisField(millis: UnixMillis): string | number {
  return isWritable(millis) ? new Date(millis).toISOString() : millis
}

/** RFC 3339 in UTC with whole seconds; the number itself where it is no time that can be written. */
export function toSecondsField(seconds: UnixSeconds): string | number {
  return isWritable(seconds * 1000) ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : seconds
}

/** What `toMillisField` was given; null for anything else. */
export function fromMillisField(field: unknown): UnixMillis | null {
  const millis = typeof field === 'string' ? Date.parse(field) : field
  if (typeof millis !== 'number' || !Number.isInteger(millis)) return null
  return toMillisField(millis) === field ? millis : null
}

/** What `toSecondsField` was given; null for anything else. */
export function fromSecondsField(field: unknown): UnixSeconds | null {
  const seconds = typeof field === 'string' ? Date.parse(field) / 1000 : field
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) return null
  return toSecondsField(seconds) === field ? seconds : null
}

function isWritable(millis: number): boolean {
  return Number.isInteger(millis) && Math.abs(millis) <= MAX_MILLIS
}
