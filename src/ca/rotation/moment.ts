import type { Clock, UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { type LiveCertificates, UNKNOWN_SIGNER } from './measures.ts'
import type { UptakeRecord } from './uptake.ts'

/** What is known at one moment. */
export interface Moment {
  readonly now: UnixSeconds
  /** Certificates that have not expired, with the skew of their readers' clocks added. */
  readonly live: readonly LiveCertificates[]
  /** Until then nothing is concluded from the clock, which somebody has put forward; absent: it is believed. */
  readonly doubtedUntil?: UnixSeconds
}

export interface MomentDeps {
  readonly uptake: UptakeRecord
  readonly clock: Clock
  readonly plan: { readonly skewSeconds: number }
  /** Certificates that are not counted by the record: the service's own, and what a restored record may not know of. */
  readonly uncounted: (now: UnixSeconds) => readonly LiveCertificates[]
  /** Until when the clock is not believed; null while it is. */
  readonly doubtedUntil: () => UnixMillis | null
}

/** What the clock says, with nobody counted. */
export function uncountedMoment({ clock, doubtedUntil }: Pick<MomentDeps, 'clock' | 'doubtedUntil'>): Moment {
  const now = Math.floor(clock.now() / 1000)
  const until = doubtedUntil()
  return { now, live: [], ...(until === null ? {} : { doubtedUntil: Math.ceil(until / 1000) }) }
}

/** What is known now: what gates and lists look at. JWTs are no certificates. */
export async function countedMoment(deps: MomentDeps, authorities: readonly Authority[]): Promise<Moment> {
  const moment = uncountedMoment(deps)
  const counted = await deps.uptake.countLive(moment.now - deps.plan.skewSeconds)
  const tokens = new Set(authorities.filter(({ kind }) => kind === 'jwt').map(({ id }) => id))
  const certificates = counted.filter(({ signer }) => !tokens.has(signer))
  return { ...moment, live: [...certificates, ...deps.uncounted(moment.now), ...unexpired(moment)] }
}

/** While the clock is doubted: what has expired by it may live on, so no gate opens for that. */
function unexpired({ doubtedUntil }: Moment): readonly LiveCertificates[] {
  if (doubtedUntil === undefined) return []
  return [{ signer: UNKNOWN_SIGNER, sequence: 0, certificates: 1, latestExpiry: doubtedUntil }]
}
