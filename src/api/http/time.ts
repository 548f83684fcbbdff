import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'

/** RFC 3339 in UTC with whole seconds: `2026-11-21T03:00:00Z`. */
export function toTimestamp(seconds: UnixSeconds): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

/** RFC 3339 in UTC with milliseconds, so that what is read can be given back as `since` or `until`. */
export function toMillisTimestamp(millis: UnixMillis): string {
  return new Date(millis).toISOString()
}

const RFC3339 = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Unix milliseconds of an RFC 3339 time; `request.malformed` names `field` for anything else. */
export function parseTimestamp(text: string, field: string): UnixMillis {
  const day = RFC3339.exec(text)?.[1]
  const millis = day !== undefined && isDay(day) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(millis)) return millis
  throw new AppError('request.malformed', `\`${field}\` must be an RFC 3339 time such as \`2026-11-21T03:00:00Z\``)
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(day)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
