import type { Authority } from '../authority.ts'
import { crossChain } from '../cross-chain.ts'
import { retirementGate } from './gates.ts'
import { under } from './measures.ts'
import { inWords, type NextStep, nextStep } from './next-step.ts'
import type { Outlook } from './outlook.ts'
import { prepared } from './slots.ts'

/** An authority with what is known of its future. */
export interface AuthorityOverview {
  readonly authority: Authority
  /** Id of the older root that has cross-signed this one and is trusted still. */
  readonly crossSignedBy: string | undefined
  /** Certificates below it that have not expired. */
  readonly liveLeaves: number
  /** What happens to it next by itself; null when nothing does. */
  readonly nextStep: NextStep | null
}

/** Every authority with its live leaves and its next automatic step. */
export function overviewOf(outlook: Outlook): readonly AuthorityOverview[] {
  const { view, moment } = outlook
  return view.authorities.map((authority) => ({
    authority,
    crossSignedBy: crossChain(view.authorities, authority)[0]?.by.id,
    liveLeaves: under(moment.live, authority, view).certificates,
    nextStep: nextStepOf(authority, outlook),
  }))
}

function nextStepOf(authority: Authority, outlook: Outlook): NextStep | null {
  const { moment, plan } = outlook
  switch (authority.state) {
    case 'active':
      return prepared(outlook.view, authority.kind) === undefined ? successionStep(authority, outlook) : null
    case 'prepared':
      return successionStep(authority, outlook)
    case 'draining':
      return retirementStep(authority, outlook)
    case 'trusted':
    case 'tainted':
      return { do: 'retire', at: Math.max(moment.now, authority.notAfter + plan.skewSeconds) }
    case 'retired':
    case 'revoked':
      return null
  }
}

/** Of the active and the prepared one: those that leave meanwhile are nothing to them. */
function successionStep({ kind }: Authority, { view, moment, plan }: Outlook): NextStep | null {
  const staying = view.authorities.filter((one) => one.kind !== kind || ['active', 'prepared'].includes(one.state))
  const step = nextStep({ ...view, authorities: staying }, kind, moment, plan)
  return step.do === 'wait' ? step.next : { do: step.do, at: moment.now }
}

function retirementStep(authority: Authority, { view, moment, plan }: Outlook): NextStep {
  const gate = retirementGate(view, authority, moment, plan)
  if (gate.open) return { do: 'retire', at: moment.now }
  const { waitingFor, opensAt } = gate
  if (waitingFor.certificates === 0) return { do: 'retire', at: opensAt }
  return { do: 'retire', at: opensAt, waitingFor: inWords(gate) }
}
