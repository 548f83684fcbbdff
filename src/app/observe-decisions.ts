import type { DecisionObserver } from '../decide/observer.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { type DecisionLogOptions, openDecisionLog } from '../telemetry/decision-log.ts'
import type { DecisionMetrics } from '../telemetry/decision-metrics.ts'

/** Who is told of each decision, and the way to have all of it written. */
export interface ObservedDecisions {
  readonly observer: DecisionObserver
  close(): Promise<void>
}

/** Counts every decision and, where a path is configured, opens the decision log; `StartupError` when it cannot be written. */
export async function observeDecisions(
  options: Omit<DecisionLogOptions, 'path'> & { readonly path: string | null },
  deps: { readonly metrics: DecisionMetrics; readonly clock: Clock; readonly log: Log },
): Promise<ObservedDecisions> {
  const { metrics, clock, log } = deps
  const { path } = options
  if (path === null) return { observer: metrics, close: async () => {} }
  const decisionLog = await openDecisionLog(
    { ...options, path },
    { clock, log, random: Math.random, onLost: (decisions) => metrics.decisionLogLost(decisions) },
  )
  return {
    observer: {
      decided(event) {
        metrics.decided(event)
        decisionLog.decided(event)
      },
    },
    close: () => decisionLog.close(),
  }
}
