import type { Workload } from '../mesh/workload.ts'
import type { Question } from '../policy/request.ts'
import type { Decided } from './decide.ts'

/** A decision by the stored resources that a proxy asked for, with everything it came from. */
export interface DecisionEvent {
  readonly workload: Workload
  readonly question: Question
  readonly decided: Decided
  /** Claims of the verified token that policies saw; null without one. */
  readonly claims: Readonly<Record<string, unknown>> | null
  /** From the question to the answer, providers and new tokens included. */
  readonly micros: number
}

/** Told of each decision before it is answered; it returns at once and never throws. */
export interface DecisionObserver {
  decided(event: DecisionEvent): void
}
