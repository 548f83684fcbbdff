import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { verifiableFrom } from '../cross-chain.ts'
import { behind, type LiveCertificates, needing, type Standing } from './measures.ts'
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
export type Gate = { readonly open: true } | ClosedGate

export interface ClosedGate {
  readonly open: false
  readonly waitingFor: Standing
  /** When it opens at the latest: with the last expiry, once clocks that are behind have seen it too. */
  readonly opensAt: UnixSeconds
}

export const OPEN: Gate = { open: true }

/** Whether the authority may begin to sign: everybody must have been given a root that its leaves are verified by. */
export function activationGate(view: RotationView, authority: Authority, { now, live }: Moment, plan: GatePlan): Gate {
  if (now < authority.notBefore) return timeGate(now, authority.notBefore) // the clock was set back
  if (authority.kind === 'jwt') {
    const isFirst = active(view, 'jwt') === undefined // nobody is served by waiting with no key at all
    return isFirst ? OPEN : timeGate(now, authority.changedAt / 1000 + plan.jwtPublishSeconds)
  }
  const root = rootOf(view, authority)
  const isInUse = authority.kind === 'intermediate' && root?.state === 'active'
  if (root === undefined || isInUse) return OPEN
  return standingGate(behind(live, verifiableFrom(view.authorities, root)), plan)
}

/** The gate of the next root, published already or not, once the active one has certified it. */
export function crossedGate(view: RotationView, next: Authority | undefined, { live }: Moment, plan: GatePlan): Gate {
  const old = active(view, 'root')
  const own = next?.publishedSequence ?? view.bundleSequence + 1
  const sequence = old === undefined ? own : Math.min(own, verifiableFrom(view.authorities, old))
  return standingGate(behind(live, sequence), plan)
}

/** Whether the authority may leave the bundle: nothing valid descends from it, and nobody may know only that one. */
export function retirementGate(view: RotationView, authority: Authority, { now, live }: Moment, plan: GatePlan): Gate {
  if (now >= authority.notAfter + plan.skewSeconds) return OPEN
  if (authority.kind === 'jwt') {
    return timeGate(now, authority.changedAt / 1000 + plan.jwtTtlSeconds + plan.skewSeconds)
  }
  return standingGate(needing(live, authority, view), plan)
}

/** Open once no certificate is waited for. */
export function standingGate(waitingFor: Standing, { skewSeconds }: GatePlan): Gate {
  if (waitingFor.certificates === 0) return OPEN
  return { open: false, waitingFor, opensAt: waitingFor.latestExpiry + skewSeconds }
}

/** Open from a moment on. */
export function timeGate(now: UnixSeconds, at: number): Gate {
  if (now >= at) return OPEN
  const opensAt = Math.ceil(at)
  return { open: false, waitingFor: { certificates: 0, latestExpiry: opensAt }, opensAt }
}
