import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { behind, type LiveCertificates, NOBODY, type Standing, under } from './measures.ts'
import { active, type RotationView, rootOf } from './slots.ts'

/** What is known at one moment. */
export interface Moment {
  readonly now: UnixSeconds
  /** Certificates that have not expired, with the skew of their readers' clocks added. */
  readonly live: readonly LiveCertificates[]
}

export interface GatePlan {
  /** How long a JWT key is published before it signs, for those who cache key sets. */
  readonly jwtPublishSeconds: number
  /** Life of the longest JWT that a key has signed. */
  readonly jwtTtlSeconds: number
  /** How far clocks of certificate readers may be behind. */
  readonly skewSeconds: number
}

/** An open gate, or what it waits for. */
export type Gate = { readonly open: true } | { readonly open: false; readonly waitingFor: Standing }

const OPEN: Gate = { open: true }

/** Whether the authority may begin to sign: everybody must have been given the root that its leaves are verified by. */
export function activationGate(view: RotationView, authority: Authority, { now, live }: Moment, plan: GatePlan): Gate {
  if (now < authority.notBefore) return timeGate(now, authority.notBefore) // the clock was set back
  if (authority.kind === 'jwt') {
    const isFirst = active(view, 'jwt') === undefined // nobody is served by waiting with no key at all
    return isFirst ? OPEN : timeGate(now, authority.changedAt / 1000 + plan.jwtPublishSeconds)
  }
  const root = rootOf(view, authority)
  const isInUse = authority.kind === 'intermediate' && root?.state === 'active'
  return standingGate(root === undefined || isInUse ? NOBODY : behind(live, root.publishedSequence))
}

/** Whether the authority may leave the bundle: nothing valid descends from it. */
export function retirementGate(view: RotationView, authority: Authority, { now, live }: Moment, plan: GatePlan): Gate {
  if (now >= authority.notAfter + plan.skewSeconds) return OPEN
  if (authority.kind === 'jwt') {
    return timeGate(now, authority.changedAt / 1000 + plan.jwtTtlSeconds + plan.skewSeconds)
  }
  return standingGate(under(live, authority, view))
}

function standingGate(waitingFor: Standing): Gate {
  return waitingFor.certificates === 0 ? OPEN : { open: false, waitingFor }
}

function timeGate(now: UnixSeconds, at: number): Gate {
  return now >= at ? OPEN : { open: false, waitingFor: { certificates: 0, latestExpiry: Math.ceil(at) } }
}
