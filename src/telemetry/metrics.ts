import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Attestor } from '../identity/evidence.ts'
import type { JumpDirection } from '../kernel/clock-watch.ts'
import { CODES, type ErrorCode } from '../kernel/errors.ts'
import { type DecisionMetrics, toDecisionMetrics } from './decision-metrics.ts'
import { buildInstruments, type MetricsSources, type ReloadOutcome } from './instruments.ts'

/** What happens, as the rest of the service tells it. */
export interface Metrics {
  certificateIssued(attestor: Attestor, seconds: number): void
  /** `none`: nobody could be attested. */
  certificateRefused(attestor: Attestor | 'none', code: ErrorCode, seconds: number): void
  jwtIssued(attestor: Attestor): void
  /** `none`: nobody could be attested. */
  jwtRefused(attestor: Attestor | 'none', code: ErrorCode): void
  httpRequest(route: string, status: number, seconds: number): void
  limitHit(limit: string): void
  storeGroup(rows: number, seconds: number): void
  configReloaded(outcome: ReloadOutcome): void
  logLost(): void
  /** The wall clock was set. */
  clockJumped(direction: JumpDirection): void
  readonly decisions: DecisionMetrics
  /** The text format of Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** The limit that a refusal by this code hit, where the door has not told already. */
const LIMIT_OF: Partial<Record<ErrorCode, string>> = {
  'csr.too_large': 'csr',
  'limit.rate': 'rate',
  'limit.queue': 'queue',
}

/** Opens a registry of its own, with the metrics of the process in it. */
export function openMetrics(sources: MetricsSources, registry: Registry = new Registry()): Metrics {
  collectDefaultMetrics({ register: registry })
  const to = buildInstruments(registry, sources)
  const countRefusal = (code: ErrorCode): void => {
    to.refusals.inc({ code })
    const limit = LIMIT_OF[code]
    if (limit !== undefined) to.limitHits.inc({ limit })
  }
  return {
    certificateIssued(attestor, seconds) {
      to.certificates.inc({ attestor, outcome: 'issued' })
      to.issueSeconds.observe({ outcome: 'issued' }, seconds)
    },
    certificateRefused(attestor, code, seconds) {
      const outcome = outcomeOf(code)
      to.certificates.inc({ attestor, outcome })
      to.issueSeconds.observe({ outcome }, seconds)
      countRefusal(code)
    },
    jwtIssued: (attestor) => to.jwts.inc({ attestor, outcome: 'issued' }),
    jwtRefused(attestor, code) {
      to.jwts.inc({ attestor, outcome: outcomeOf(code) })
      countRefusal(code)
    },
    httpRequest: (route, status, seconds) => to.httpSeconds.observe({ route, status }, seconds),
    limitHit: (limit) => to.limitHits.inc({ limit }),
    storeGroup(rows, seconds) {
      to.groupSize.observe(rows)
      to.groupSeconds.observe(seconds)
    },
    configReloaded: (outcome) => to.reloads.inc({ outcome }),
    logLost: () => to.logLost.inc(),
    clockJumped: (direction) => to.clockJumps.inc({ direction }),
    decisions: toDecisionMetrics(to.decisions),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

function outcomeOf(code: ErrorCode): 'failed' | 'refused' {
  return CODES[code] === 'internal' || CODES[code] === 'unavailable' ? 'failed' : 'refused'
}
