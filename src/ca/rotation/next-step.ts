import { createHash } from 'node:crypto'
import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import { activationGate, type GatePlan, type Moment, retirementGate } from './gates.ts'
import type { Standing } from './measures.ts'
import { active, prepared, type RotationView, running } from './slots.ts'

export interface RotationPlan extends GatePlan {
  /** Shares of a life after which the successor is prepared and takes over. */
  readonly prepareAt: number
  readonly activateAt: number
  /** The kinds whose successors take over by themselves. */
  readonly automatic: readonly AuthorityKind[]
  /** Whether a new root is certified by the one before it, unless a command says otherwise. */
  readonly crossSign: boolean
}

/** What is to be done for one kind of authority; `wait` tells until when, or for whom. */
export type Step =
  | { readonly do: 'prepare'; readonly kind: AuthorityKind }
  | { readonly do: 'activate'; readonly id: string }
  | { readonly do: 'retire'; readonly id: string }
  | { readonly do: 'wait'; readonly next: NextStep | null }

/** The next step that is known, for people. */
export interface NextStep {
  readonly do: 'prepare' | 'activate' | 'retire'
  readonly at: UnixSeconds
  readonly waitingFor?: string
}

/** Pure: one step at a time, the most urgent first. */
export function nextStep(view: RotationView, kind: AuthorityKind, moment: Moment, plan: RotationPlan): Step {
  const drained = view.authorities.find((one) => one.kind === kind && mayRetire(view, one, moment, plan))
  if (drained !== undefined) return { do: 'retire', id: drained.id }
  const next = prepared(view, kind)
  const current = active(view, kind)
  if (next !== undefined) return successorStep(view, { next, current }, moment, plan)
  // without an active root only a person can tell what to do
  if (current === undefined) return kind === 'root' ? { do: 'wait', next: null } : { do: 'prepare', kind }
  const at = preparationPoint(current, plan)
  if (moment.now >= at) return { do: 'prepare', kind }
  return { do: 'wait', next: { do: 'prepare', at } }
}

interface Succession {
  readonly next: Authority
  readonly current: Authority | undefined
}

function successorStep(view: RotationView, { next, current }: Succession, moment: Moment, plan: RotationPlan): Step {
  const rotation = running(view, next.kind)
  const isWanted = rotation?.to === next.id
  const gate = activationGate(view, next, moment, plan)
  const dueAt = current === undefined || isWanted ? moment.now : activationPoint(current, plan)
  if (!isWanted && !plan.automatic.includes(next.kind)) {
    return { do: 'wait', next: { do: 'activate', at: dueAt, waitingFor: 'somebody to activate it' } }
  }
  if (moment.now < dueAt) return { do: 'wait', next: { do: 'activate', at: dueAt } }
  if (gate.open || rotation?.forced === true) return { do: 'activate', id: next.id }
  const waitingFor = inWords(gate.waitingFor)
  return { do: 'wait', next: { do: 'activate', at: gate.opensAt, waitingFor } }
}

function mayRetire(view: RotationView, authority: Authority, moment: Moment, plan: RotationPlan): boolean {
  if (authority.state === 'prepared') return moment.now >= authority.notAfter // another is prepared in its place
  if (authority.state === 'tainted' || authority.state === 'trusted') {
    return moment.now >= authority.notAfter + plan.skewSeconds
  }
  if (authority.state !== 'draining') return false
  const rotation = running(view, authority.kind)
  const isForced = rotation?.from === authority.id && rotation.forced && rotation.state === 'draining'
  return isForced || retirementGate(view, authority, moment, plan).open
}

/** What is left out of a rotation's sight: how many certificates, for people. */
export function inWords({ certificates }: Standing): string {
  if (certificates === 0) return 'the time that it has to be published'
  return certificates === 1 ? '1 certificate' : `${certificates} certificates`
}

export function preparationPoint(authority: Authority, { prepareAt }: RotationPlan): UnixSeconds {
  return pointOf(authority, prepareAt)
}

function activationPoint(authority: Authority, { activateAt }: RotationPlan): UnixSeconds {
  return pointOf(authority, activateAt)
}

const JITTER = 0.02

/** Up to 2 % of the life earlier, the same for one authority each time: many services do not rotate at one moment. */
function pointOf({ id, notBefore, notAfter, createdAt }: Authority, share: number): UnixSeconds {
  const fraction = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32
  const begin = Math.max(notBefore, Math.floor(createdAt / 1000)) // it was valid before it was there
  return Math.floor(begin + (notAfter - begin) * (share - JITTER * fraction))
}
