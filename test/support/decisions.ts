import type { DecisionEvent } from '../../src/decide/observer.ts'
import type { Decision } from '../../src/policy/decision.ts'
import { askedHttp } from './questions.ts'

export const ALLOWED: Decision = {
  decision: 'allow',
  status: 200,
  cause: 'allowed',
  phase: 'authorization',
  reason: 'no policy refuses',
}

/** A decision of a workload `default/web`, told as the use case tells it. */
export function decidedEvent(decision: Partial<Decision> = {}, event: Partial<DecisionEvent> = {}): DecisionEvent {
  return {
    workload: { namespace: 'default', name: 'web', labels: { app: 'web' }, ip: '10.0.0.1', ports: 'as-told' },
    question: askedHttp(),
    decided: { decision: { ...ALLOWED, ...decision }, version: 17, mutations: null },
    claims: null,
    micros: 12.4,
    ...event,
  }
}
