import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { Authority, AuthorityState } from '../authority.ts'
import { activationGate, crossedGate, type Gate, OPEN, retirementGate } from './gates.ts'
import type { Standing } from './measures.ts'
import type { Outlook } from './outlook.ts'
import { beginningRoot, pairOf, prepared, type RotationView, withRevoked } from './slots.ts'
import { toAborted } from './to-aborted.ts'
import { toActive } from './to-active.ts'
import { toRetired, toRevoked, toTainted } from './to-gone.ts'
import { both, find, type Transition, withTransition } from './transition.ts'

export const VERBS = ['activate', 'taint', 'revoke', 'retire', 'abort'] as const
/** What can be asked of one authority. */
export type Verb = (typeof VERBS)[number]

/** What a command would do. */
export interface Preview {
  readonly changes: readonly PreviewedChange[]
  /** What keeps it from being done now, unless it is forced. */
  readonly waitingFor: Standing | null
  /** When that is over at the latest; null where nothing is waited for. */
  readonly readyAt: UnixSeconds | null
}

interface PreviewedChange {
  /** Null for one that would be created. */
  readonly id: string | null
  readonly kind: Authority['kind']
  readonly from: AuthorityState | null
  readonly to: AuthorityState
}

/** Pure: what the command would change and what it would wait for; throws what the command itself would throw. */
export function preview(verb: Verb, id: string, outlook: Outlook): Preview {
  const { view, moment } = outlook
  const authority = find(view, id)
  const now = moment.now * 1000
  if (isDone(verb, authority)) return { changes: [], waitingFor: null, readyAt: null }
  const changes = changesOf(view, transitionOf(verb, { view, authority, now }))
  const gate = gateOf(verb, authority, outlook)
  if (gate.open) return { changes, waitingFor: null, readyAt: null }
  return { changes, waitingFor: gate.waitingFor, readyAt: gate.opensAt }
}

const AIM = {
  activate: ['active'],
  taint: ['tainted'],
  revoke: ['revoked'],
  retire: ['retired'],
  abort: ['retired', 'draining'],
} as const satisfies Record<Verb, readonly AuthorityState[]>

/** Commands that have been given before change nothing. */
function isDone(verb: Verb, { state }: Authority): boolean {
  return AIM[verb].some((aim) => aim === state)
}

interface Intended {
  readonly view: RotationView
  readonly authority: Authority
  readonly now: UnixMillis
}

function transitionOf(verb: Verb, { view, authority, now }: Intended): Transition {
  switch (verb) {
    case 'activate':
      return activation({ view, authority, now })
    case 'retire':
      return toRetired(view, authority.id, now)
    case 'abort':
      return toAborted(view, authority.id, now)
    case 'taint':
    case 'revoke': {
      const leave = (after: RotationView) => (verb === 'taint' ? toTainted : toRevoked)(after, authority.id, now)
      const next = successorOf(view, authority)
      return next === undefined ? leave(view) : both(view, activation({ view, authority: next, now }), leave)
    }
  }
}

function activation({ view, authority, now }: Intended): Transition {
  const { begins, successor } = pairOf(view, authority, now)
  const made = begins.kind === 'root' ? newBelow(begins) : null
  return toActive(view, { id: begins.id, successor: successor ?? made, now })
}

/** Stands for the intermediate that is made together with the activation. */
function newBelow(root: Authority): Authority {
  return { ...root, id: '', kind: 'intermediate', issuer: root.id }
}

function successorOf(view: RotationView, { state, kind }: Authority): Authority | undefined {
  return state === 'active' ? prepared(view, kind) : undefined
}

function gateOf(verb: Verb, authority: Authority, { view, moment, plan }: Outlook): Gate {
  if (verb === 'retire' && authority.state !== 'prepared') return retirementGate(view, authority, moment, plan)
  const beginner = verb === 'activate' ? authority : successorOf(view, authority)
  if (verb === 'abort' || beginner?.state !== 'prepared') return OPEN
  const root = verb === 'activate' && plan.crossSign ? beginningRoot(view, authority) : null
  if (root !== null) return crossedGate(view, root, moment, plan)
  return activationGate(verb === 'revoke' ? withRevoked(view, authority) : view, beginner, moment, plan)
}

function changesOf(view: RotationView, transition: Transition): readonly PreviewedChange[] {
  const before = new Map(view.authorities.map(({ id, state }) => [id, state]))
  return withTransition(view, transition)
    .authorities.filter(({ id, state }) => before.get(id) !== state)
    .map(({ id, kind, state }) => ({ id: id === '' ? null : id, kind, from: before.get(id) ?? null, to: state }))
}
