import type { IssuedEvent, IssueObserver, RefusedEvent } from '../ca/issuance.ts'
import { CODES } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'

/** The counters that issuing feeds. */
export interface IssueMetrics {
  certificateIssued(attestor: string, seconds: number): void
  certificateRefused(attestor: string, code: string, seconds: number): void
}

/** What a caller sent may stand in a message, a SPIFFE ID of 2048 bytes for example. */
const MAX_MESSAGE = 512

/** Turns what the use case tells into log lines (`cert.issued`, `cert.refused`) and metrics. */
export function toIssueObserver(log: Log, metrics: IssueMetrics): IssueObserver {
  return {
    issued(event: IssuedEvent) {
      metrics.certificateIssued(event.attestor, event.milliseconds / 1000)
      log.info('cert.issued', event)
    },
    refused({ error, ...event }: RefusedEvent) {
      metrics.certificateRefused(event.attestor ?? 'none', event.code, event.milliseconds / 1000)
      if (CODES[event.code] === 'internal') log.error('cert.refused', { ...event, error })
      else log.info('cert.refused', { ...event, message: shortMessageOf(error) })
    },
  }
}

function shortMessageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message
}
