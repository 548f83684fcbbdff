import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { Authority, AuthorityKind, Rotation, RotationState } from '../authority.ts'
import {
  activationGate,
  crossedGate,
  type Gate,
  later,
  OPEN,
  publicationGate,
  retirementGate,
  standingGate,
} from './gates.ts'
import { behind, NOBODY, needing, type Standing } from './measures.ts'
import type { Moment } from './moment.ts'
import type { Outlook } from './outlook.ts'
import { active, prepared } from './slots.ts'
import { find } from './transition.ts'
import { refuseRunning } from './whole-rotation.ts'

/** One step of a rotation: when it was done, or when it will be at the latest if nobody stops it. */
interface TimetableStep {
  readonly name: 'prepare' | 'activate' | 'retire' | 'abort'
  readonly at: UnixSeconds
  readonly done: boolean
}

/** How far a rotation has come. */
export interface Timetable {
  /** `activating` once nothing keeps the new authority from signing any more. */
  readonly state: RotationState
  readonly waitingFor: Standing | null
  readonly steps: readonly TimetableStep[]
}

/** Pure: the timetable of a rotation that runs or has ended. */
export function timetableOf(rotation: Rotation, outlook: Outlook): Timetable {
  const past = [doneAt('prepare', rotation.startedAt)]
  if (rotation.activatedAt !== null) past.push(doneAt('activate', rotation.activatedAt))
  if (rotation.endedAt !== null) {
    past.push(doneAt(rotation.state === 'aborted' ? 'abort' : 'retire', rotation.endedAt))
    return { state: rotation.state, waitingFor: null, steps: past }
  }
  const ahead = rotation.activatedAt === null ? distribution(rotation, outlook) : draining(rotation, outlook)
  return { ...ahead, steps: [...past, ...ahead.steps] }
}

function distribution({ from, to, forced }: Rotation, outlook: Outlook): Timetable {
  const { view, moment, plan } = outlook
  const next = find(view, to)
  const gate = forced ? OPEN : activationGate(view, next, moment, plan)
  const current = view.authorities.find(({ id }) => id === from)
  return {
    state: gate.open ? 'activating' : 'distributing',
    waitingFor: standingOf(gate),
    steps: stepsAhead({ from: current, gate }, outlook),
  }
}

function draining({ from, forced, state }: Rotation, outlook: Outlook): Timetable {
  const { view, moment, plan } = outlook
  const old = view.authorities.find(({ id }) => id === from)
  if (old === undefined) return { state, waitingFor: null, steps: [] } // there was none
  const gate = forced ? OPEN : retirementGate(view, old, moment, plan)
  const retire = { name: 'retire', at: openingOf(gate, moment), done: false } as const
  return { state, waitingFor: standingOf(gate), steps: [retire] }
}

/**
 * Pure: the timetable of a rotation that would begin now, with what is prepared already;
 * `authority.invalid_transition` names the one that runs.
 */
export function foreseeRotation(kind: AuthorityKind, outlook: Outlook): Timetable {
  const { view, moment } = outlook
  refuseRunning(view, kind)
  const next = prepared(view, kind)
  const from = active(view, kind)
  const gate = gateOfNext(kind, outlook)
  const first = { name: 'prepare', at: next === undefined ? moment.now : seconds(next.changedAt), done: false } as const
  return {
    state: 'distributing',
    waitingFor: standingOf(gate),
    steps: [{ ...first, done: next !== undefined }, ...stepsAhead({ from, gate }, outlook)],
  }
}

/** What the next one waits for, or would when it is published now. */
function gateOfNext(kind: AuthorityKind, outlook: Outlook): Gate {
  const { view, moment, plan } = outlook
  const next = prepared(view, kind)
  if (kind === 'root' && plan.crossSign) return crossedGate(view, next, moment, plan)
  return next === undefined ? gateOfNew(kind, outlook) : activationGate(view, next, moment, plan)
}

/** As if it were published now. */
function gateOfNew(kind: AuthorityKind, { view, moment, plan }: Outlook): Gate {
  const published = publicationGate(view, { kind, changedAt: moment.now * 1000 }, moment, plan)
  if (kind !== 'root') return published // the root of an intermediate is in use
  return later(standingGate(behind(moment.live, view.bundleSequence + 1), plan), published)
}

interface Succession {
  readonly from: Authority | undefined
  /** Of the activation. */
  readonly gate: Gate
}

/** The activation, and the retirement of whoever signs until then. */
function stepsAhead({ from, gate }: Succession, outlook: Outlook): readonly TimetableStep[] {
  const activateAt = openingOf(gate, outlook.moment)
  const activate = { name: 'activate', at: activateAt, done: false } as const
  if (from === undefined) return [activate]
  return [activate, { name: 'retire', at: retirementAfter(activateAt, from, outlook), done: false }]
}

/** When the last of what an authority signs until `activateAt` is sure to have expired. */
function retirementAfter(activateAt: UnixSeconds, from: Authority, { view, moment, plan }: Outlook): UnixSeconds {
  const life = from.kind === 'jwt' ? plan.jwtTtlSeconds : plan.longestLeafSeconds
  const lastSigned = Math.min(activateAt + life, from.notAfter)
  const known = from.kind === 'jwt' ? NOBODY : needing(moment.live, from, view)
  return Math.max(moment.now, known.latestExpiry, lastSigned) + plan.skewSeconds
}

function openingOf(gate: Gate, { now }: Moment): UnixSeconds {
  return gate.open ? now : gate.opensAt
}

function standingOf(gate: Gate): Standing | null {
  return gate.open ? null : gate.waitingFor
}

function doneAt(name: TimetableStep['name'], at: UnixMillis): TimetableStep {
  return { name, at: seconds(at), done: true }
}

function seconds(at: UnixMillis): UnixSeconds {
  return Math.floor(at / 1000)
}
