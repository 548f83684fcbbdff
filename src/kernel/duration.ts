const UNIT_SECONDS = { y: 31_536_000, d: 86_400, h: 3_600, m: 60, s: 1 } as const
const DURATION = /^(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/

/** What a duration may look like, for messages. */
export const DURATION_FORM = 'a duration such as `90s`, `15m`, `1h30m`, `30d`, `5y`, or whole seconds as a number'

/** Seconds of `"90s"`, `"15m"`, `"1h30m"`, `"30d"`, `"5y"` (365 days) or of whole seconds as a number; null for anything else. */
export function toSeconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  // Each unit at most once, largest first: `1h1h` is a slip, not two hours (hostile 43).
  if (typeof value !== 'string' || value === '' || value.length > 64) return null
  const match = DURATION.exec(value)
  if (match === null) return null
  let seconds = 0
  for (const [index, unit] of Object.values(UNIT_SECONDS).entries()) seconds += Number(match[index + 1] ?? 0) * unit
  return Number.isSafeInteger(seconds) ? seconds : null
}
