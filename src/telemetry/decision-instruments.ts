import { Counter, Histogram, type Registry } from 'prom-client'
import type { ErrorCode } from '../kernel/errors.ts'
import type { Cause, Outcome } from '../policy/decision.ts'
import { BoundedTally } from './bounded-tally.ts'

const DECISION_SECONDS = [0.000_002, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01, 0.1, 1]
const ASK_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const MAX_DENY_SERIES = 1_000

/** Series that are there from the start: a rate over one that appears with its first event misses that event. */
const DECISIONS: readonly (readonly [Outcome, Cause])[] = [
  ['allow', 'allowed'],
  ['allow', 'opaque_tls'],
  ['deny', 'rbac'],
  ['deny', 'jwt'],
  ['deny', 'ext_authz'],
  ['reject', 'tls'],
  ['reject', 'no_filter_chain'],
  ['reject', 'protocol'],
]
const UNDECIDED: readonly ErrorCode[] = [
  'request.malformed',
  'auth.forbidden',
  'decision.workload_ambiguous',
  'decision.not_ready',
]

/** Counts that a decision adds to at the price of a map look-up; they become series when somebody asks for the metrics. */
interface DecisionTallies {
  /** By outcome and cause. */
  readonly decisions: BoundedTally
  /** By workload and policy. */
  readonly denies: BoundedTally
}

/** The metrics of decisions; `docs/metrics.md` describes each. */
export function buildDecisionInstruments(registry: Registry) {
  const registers = [registry]
  // Outcomes and causes are closed sets, far fewer than this.
  const tallies: DecisionTallies = { decisions: new BoundedTally(100), denies: new BoundedTally(MAX_DENY_SERIES) }
  buildTallyCounters(registry, tallies)
  for (const [outcome, cause] of DECISIONS) tallies.decisions.add(outcome, cause, 0)
  const instruments = {
    ...tallies,
    seconds: new Histogram({
      name: 'alcazar_decision_seconds',
      help: 'From a question to its decision, providers and new tokens included.',
      buckets: DECISION_SECONDS,
      registers,
    }),
    undecided: new Counter({
      name: 'alcazar_undecided_total',
      help: 'Questions of proxies that were refused without a decision, by error code.',
      labelNames: ['code'],
      registers,
    }),
    asks: new Counter({
      name: 'alcazar_provider_asks_total',
      help: 'Questions to extension providers by outcome.',
      labelNames: ['provider', 'outcome'],
      registers,
    }),
    askSeconds: new Histogram({
      name: 'alcazar_provider_seconds',
      help: 'Time until an extension provider answered or was given up.',
      labelNames: ['provider'],
      buckets: ASK_SECONDS,
      registers,
    }),
    jwksFailures: new Counter({
      name: 'alcazar_jwks_fetch_failures_total',
      help: 'Times that the keys of a RequestAuthentication could not be fetched.',
      registers,
    }),
    logLost: new Counter({
      name: 'alcazar_decision_log_lost_total',
      help: 'Decisions that could not be written to the decision log.',
      registers,
    }),
  }
  for (const code of UNDECIDED) instruments.undecided.inc({ code }, 0)
  return instruments
}

function buildTallyCounters(registry: Registry, { decisions, denies }: DecisionTallies): void {
  const registers = [registry]
  new Counter({
    name: 'alcazar_decisions_total',
    help: 'Decisions by outcome and cause.',
    labelNames: ['outcome', 'cause'],
    registers,
    collect() {
      this.reset()
      for (const [outcome, cause, count] of decisions.entries()) this.inc({ outcome, cause }, count)
    },
  })
  new Counter({
    name: 'alcazar_denies_total',
    help: 'Refusals by workload and by the policy that refused (none: no ALLOW rule matched, or no policy was asked).',
    labelNames: ['workload', 'policy'],
    registers,
    collect() {
      this.reset()
      for (const [workload, policy, count] of denies.entries()) this.inc({ workload, policy }, count)
    },
  })
}
