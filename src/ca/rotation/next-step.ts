import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import { activationGate, type ClosedGate, type GatePlan, retirementGate } from './gates.ts'
import { activationPoint, preparationPoint } from './life-points.ts'
import type { Moment } from './moment.ts'
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

/** Pure: one step at a time, the most urgent first. By a clock that is doubted only what somebody has asked for. */
export function nextStep(view: RotationView, kind: AuthorityKind, moment: Moment, plan: RotationPlan): Step {
  const drained = view.authorities.find((one) => one.kind === kind && mayRetire(view, one, moment, plan))
  if (drained !== undefined) return { do: 'retire', id: drained.id }
  const next = prepared(view, kind)
  const current = active(view, kind)
  if (next !== undefined) return successorStep(view, { next, current }, moment, plan)
  // without an active root only a person can tell what to do
  if (current === undefined && kind === 'root') return { do: 'wait', next: null }
  const at = current === undefined ? moment.now : preparationPoint(current, plan)
  if (moment.now < at) return { do: 'wait', next: { do: 'prepare', at } }
  return untilBelieved(moment, 'prepare') ?? { do: 'prepare', kind }
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
  if (gate.open || (rotation?.forced === true && gate.reason !== 'validity')) {
    return (isWanted ? null : untilBelieved(moment, 'activate')) ?? { do: 'activate', id: next.id }
  }
  return { do: 'wait', next: { do: 'activate', at: gate.opensAt, waitingFor: inWords(gate) } }
}

/** What was made by a clock that is ahead is not valid once that is put right. */
function untilBelieved({ doubtedUntil }: Moment, step: NextStep['do']): Step | null {
  if (doubtedUntil === undefined) return null
  return { do: 'wait', next: { do: step, at: doubtedUntil, waitingFor: WAITS.clock } }
}

function mayRetire(view: RotationView, authority: Authority, moment: Moment, plan: RotationPlan): boolean {
  const rotation = running(view, authority.kind)
  const isForced = rotation?.from === authority.id && rotation.forced && rotation.state === 'draining'
  if (authority.state === 'draining') return isForced || retirementGate(view, authority, moment, plan).open
  if (moment.doubtedUntil !== undefined) return false
  if (authority.state === 'prepared') return moment.now >= authority.notAfter // another is prepared in its place
  const isLeft = authority.state === 'tainted' || authority.state === 'trusted'
  return isLeft && moment.now >= authority.notAfter + plan.skewSeconds
}

const WAITS = {
  publication: 'the time that it has to be published',
  tokens: 'its last tokens to expire',
  validity: 'its life to begin',
  clock: 'the clock to be right, or to be believed',
} as const satisfies Record<Exclude<ClosedGate['reason'], 'certificates'>, string>

/** What a closed gate waits for, for people. */
export function inWords({ reason, waitingFor: { certificates } }: Pick<ClosedGate, 'reason' | 'waitingFor'>): string {
  if (reason !== 'certificates') return WAITS[reason]
  return certificates === 1 ? '1 certificate' : `${certificates} certificates`
}
