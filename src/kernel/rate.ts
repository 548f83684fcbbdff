const PER_SECONDS = { s: 1, m: 60, h: 3_600 } as const
const RATE = /^(\d{1,9})\/(s|m|h)$/
const MAX_PER_SECOND = 1_000_000_000

/** What a rate may look like, for messages. */
export const RATE_FORM = 'a rate such as `20/s`, `600/m`, `100/h`, or a number per second'

/** Events per second of `"5000/s"`, `"600/m"`, `"100/h"` or of a number per second; null for anything else and for none. */
export function toPerSecond(value: unknown): number | null {
  if (typeof value === 'number') return value > 0 && value <= MAX_PER_SECOND ? value : null
  const match = typeof value === 'string' ? RATE.exec(value) : null
  if (match === null) return null
  const perSecond = Number(match[1]) / PER_SECONDS[match[2] as keyof typeof PER_SECONDS]
  return perSecond > 0 ? perSecond : null
}
