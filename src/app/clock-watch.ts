import type { Authorities } from '../ca/authorities.ts'
import type { Config } from '../config/config.ts'
import { ClockWatch, type ClockWatchDeps } from '../kernel/clock-watch.ts'
import type { Store } from '../store/open-store.ts'

interface Parts extends Pick<ClockWatchDeps, 'clock' | 'log' | 'onJump'> {
  readonly store: Store
  readonly authorities: Authorities
}

/** Begins to watch the clock, from the newest time that is on the record: what was issued, done or created last. */
export async function openClockWatch(config: Config, { store, authorities, ...io }: Parts): Promise<ClockWatch> {
  const [issued, actions] = await Promise.all([store.listIssued({ limit: 1 }), store.listAdminActions({ limit: 1 })])
  const times = [
    ...issued.items.map(({ issuedAt }) => issuedAt),
    ...actions.items.map(({ at }) => at),
    ...authorities.list().map(({ createdAt }) => createdAt),
  ]
  const watch = new ClockWatch({ ...io, toleranceSeconds: config.authority.skew, newestKnown: Math.max(0, ...times) })
  watch.start()
  return watch
}
