import type { Clock } from '../../kernel/clock.ts'
import type { Moment } from './moment.ts'

const FRESH_MS = 1_000

/** What is known now for those who only look: certificates are counted once a second at most, for all that ask. */
export function openRecentMoment(count: () => Promise<Moment>, clock: Clock): () => Promise<Moment> {
  let counted: { readonly moment: Promise<Moment>; readonly at: number } | null = null
  return async () => {
    const at = clock.monotonic()
    if (counted === null || at - counted.at >= FRESH_MS) {
      const moment = count()
      counted = { moment, at }
      moment.catch(() => {
        if (counted?.moment === moment) counted = null // a failure is told to those who waited, and not remembered
      })
    }
    return { ...(await counted.moment), now: Math.floor(clock.now() / 1000) }
  }
}
