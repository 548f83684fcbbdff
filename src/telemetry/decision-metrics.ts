import type { DecisionEvent, DecisionObserver } from '../decide/observer.ts'
import type { AskOutcome } from '../decide/open-providers.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { buildDecisionInstruments } from './decision-instruments.ts'

/** What deciding tells. */
export interface DecisionMetrics extends DecisionObserver {
  /** A proxy's question that got no decision: unreadable, not entitled, ambiguous, nothing loaded. */
  undecided(code: ErrorCode): void
  providerAsked(provider: string, outcome: AskOutcome, seconds: number): void
  jwksFetchFailed(): void
  decisionLogLost(decisions: number): void
}

/** Feeds the instruments. */
export function toDecisionMetrics(to: ReturnType<typeof buildDecisionInstruments>): DecisionMetrics {
  return {
    decided({ workload, decided: { decision }, micros }: DecisionEvent) {
      to.decisions.add(decision.decision, decision.cause)
      to.seconds.observe(micros / 1e6)
      if (decision.decision === 'allow') return
      to.denies.add(`${workload.namespace}/${workload.name ?? '-'}`, policyOf(decision.policy))
    },
    undecided: (code) => to.undecided.inc({ code }),
    providerAsked(provider, outcome, seconds) {
      to.asks.inc({ provider, outcome })
      to.askSeconds.observe({ provider }, seconds)
    },
    jwksFetchFailed: () => to.jwksFailures.inc(),
    decisionLogLost: (decisions) => to.logLost.inc(decisions),
  }
}

/** The policy of a rule's name (`ns[N]-policy[P]-rule[I]`): a series for each rule would be too many. */
function policyOf(rule: string | undefined): string {
  if (rule === undefined) return 'none'
  const end = rule.lastIndexOf('-rule[')
  return end === -1 ? rule : rule.slice(0, end)
}
