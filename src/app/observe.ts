import type { IssuedEvent, IssueObserver, RefusedEvent } from '../ca/issue/issuance.ts'
import type { JwtIssuedEvent, JwtObserver } from '../ca/jwt/jwt-issuance.ts'
import type { BundleReports } from '../ca/rotation/bundle-reports.ts'
import { CODES } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'

/** The counters that issuing feeds. */
export interface IssueMetrics {
  certificateIssued(attestor: string, seconds: number): void
  certificateRefused(attestor: string, code: string, seconds: number): void
}

/** The counters that JWT-SVIDs feed. */
export interface JwtMetrics {
  jwtIssued(attestor: string): void
  jwtRefused(attestor: string, code: string): void
}

/** What a caller sent may stand in a message, a SPIFFE ID of 2048 bytes for example. */
const MAX_MESSAGE = 512

/** Turns what the use case tells into log lines (`cert.issued`, `cert.refused`) and metrics. */
export function toIssueObserver(log: Log, metrics: IssueMetrics, reports: BundleReports): IssueObserver {
  return {
    issued(event: IssuedEvent) {
      metrics.certificateIssued(event.attestor, event.milliseconds / 1000)
      log.info('cert.issued', event)
      if (event.attestor === 'client-certificate') tellRenewal(reports, event)
    },
    refused(event: RefusedEvent) {
      metrics.certificateRefused(event.attestor ?? 'none', event.code, event.milliseconds / 1000)
      logRefusal(log, 'cert.refused', event)
    },
  }
}

/** The same for JWT-SVIDs: `jwt.issued`, `jwt.refused`. */
export function toJwtObserver(log: Log, metrics: JwtMetrics): JwtObserver {
  return {
    issued(event: JwtIssuedEvent) {
      metrics.jwtIssued(event.attestor)
      log.info('jwt.issued', event)
    },
    refused(event: RefusedEvent) {
      metrics.jwtRefused(event.attestor ?? 'none', event.code)
      logRefusal(log, 'jwt.refused', event)
    },
  }
}

function logRefusal(log: Log, name: string, { error, ...event }: RefusedEvent): void {
  if (CODES[event.code] === 'internal') log.error(name, { ...event, error })
  else log.info(name, { ...event, message: shortMessageOf(error) })
}

/**
 * Who shows a certificate has what came with it, and who renews it the bundle of its successor once it shows that. What
 * somebody asks for another renews nothing of its own.
 */
function tellRenewal(reports: BundleReports, event: IssuedEvent): void {
  const { subject, serial, bundleSequence, notAfter, impersonatedBy } = event
  reports.shown(subject)
  if (impersonatedBy !== undefined) return
  reports.renewed({ serial: subject, sequence: bundleSequence, notAfter }, serial)
}

function shortMessageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message
}
