import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { verifiableFrom } from '../cross-chain.ts'
import { behind, needing, type Standing } from './measures.ts'
import type { Moment } from './moment.ts'
import { active, isValidAt, type RotationView, rootOf } from './slots.ts'

export interface GatePlan {
  /** How long an authority is published before it signs, for readers of the bundle whom nobody can measure. */
  readonly publishSeconds: { readonly root: number; readonly jwt: number }
  /** Life of the longest JWT that a key has signed. */
  readonly jwtTtlSeconds: number
  /** How far clocks of certificate readers may be behind. */
  readonly skewSeconds: number
}

/** An open gate, or what it waits for. */
export type Gate = { readonly open: true } | ClosedGate

export interface ClosedGate {
  readonly open: false
  readonly reason: WaitReason
  /** Nobody where only time has to pass. */
  readonly waitingFor: Standing
  /** When it opens at the latest: with the last expiry, once clocks that are behind have seen it too. */
  readonly opensAt: UnixSeconds
}

/** Why a gate is closed: certificates first, since those can be hurried. */
export type WaitReason = 'certificates' | 'publication' | 'tokens' | 'validity' | 'clock'

export const OPEN: Gate = { open: true }

/** Whether the authority may begin to sign: everybody must have been given a root that its leaves are verified by. */
export function activationGate(view: RotationView, authority: Authority, moment: Moment, plan: GatePlan): Gate {
  if (moment.now < authority.notBefore) return timeGate(moment, authority.notBefore, 'validity') // the clock was set back
  if (authority.kind === 'jwt') return publicationGate(view, authority, moment, plan)
  const root = rootOf(view, authority)
  const isInUse = authority.kind === 'intermediate' && root?.state === 'active'
  if (root === undefined || isInUse) return OPEN
  const sequence = verifiableFrom(view.authorities, root)
  const isCrossed = sequence < root.publishedSequence // who reads an older root finds a way
  const published = isCrossed ? OPEN : publicationGate(view, root, moment, plan)
  return later(standingGate(behind(moment.live, sequence), plan), published)
}

/** The gate of the next root, published already or not, once the active one has certified it. */
export function crossedGate(view: RotationView, next: Authority | undefined, { live }: Moment, plan: GatePlan): Gate {
  const old = active(view, 'root')
  const own = next?.publishedSequence ?? view.bundleSequence + 1
  const sequence = old === undefined ? own : Math.min(own, verifiableFrom(view.authorities, old))
  return standingGate(behind(live, sequence), plan)
}

/**
 * Whether it has been published for long enough. Nobody is served by waiting while no other of its kind can sign, nor until
 * the tokens of the one that signs are cut short by its end.
 */
export function publicationGate(
  view: RotationView,
  { kind, changedAt }: Pick<Authority, 'kind' | 'changedAt'>,
  moment: Moment,
  { publishSeconds, jwtTtlSeconds }: GatePlan,
): Gate {
  const current = active(view, kind)
  if (kind === 'intermediate' || current === undefined || !isValidAt(current, moment.now * 1000)) return OPEN
  const seconds = publishSeconds[kind]
  const latest = current.notAfter - (kind === 'jwt' ? jwtTtlSeconds : 0)
  return seconds === 0 ? OPEN : timeGate(moment, Math.min(changedAt / 1000 + seconds, latest), 'publication')
}

/** Whether the authority may leave the bundle: nothing valid descends from it, and nobody may know only that one. */
export function retirementGate(view: RotationView, authority: Authority, moment: Moment, plan: GatePlan): Gate {
  const { notAfter, kind, changedAt } = authority
  if (moment.doubtedUntil === undefined && moment.now >= notAfter + plan.skewSeconds) return OPEN
  if (kind === 'jwt') return timeGate(moment, changedAt / 1000 + plan.jwtTtlSeconds + plan.skewSeconds, 'tokens')
  return standingGate(needing(moment.live, authority, view), plan)
}

/** Open once no certificate is waited for. */
export function standingGate(waitingFor: Standing, { skewSeconds }: GatePlan): Gate {
  if (waitingFor.certificates === 0) return OPEN
  return { open: false, reason: 'certificates', waitingFor, opensAt: waitingFor.latestExpiry + skewSeconds }
}

/** The one that opens last, for as long as either is closed. */
export function later(standing: Gate, time: Gate): Gate {
  if (standing.open || time.open) return standing.open ? time : standing
  return { ...standing, opensAt: Math.max(standing.opensAt, time.opensAt) }
}

/** Open from a moment on, by a clock that is believed. */
function timeGate({ now, doubtedUntil = 0 }: Moment, at: number, reason: WaitReason): Gate {
  if (now >= at && now >= doubtedUntil) return OPEN
  const opensAt = Math.ceil(Math.max(at, doubtedUntil))
  const why = now >= at ? 'clock' : reason
  return { open: false, reason: why, waitingFor: { certificates: 0, latestExpiry: opensAt }, opensAt }
}
