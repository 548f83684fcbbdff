import type { UnixSeconds } from '../../kernel/clock.ts'
import type { LiveCertificates } from './measures.ts'

/** What the record knows of certificates that are out there. */
export interface UptakeRecord {
  /** Certificates that expire after `after`, by signer and by the newest bundle that their holder is known to have. */
  countLive(after: UnixSeconds): Promise<readonly LiveCertificates[]>
  /** Holders of unexpired certificates say which bundle they use. */
  reportBundles(reports: readonly BundleReport[]): Promise<void>
}

export interface BundleReport {
  /** 32 lower-case hex digits. */
  readonly serial: string
  readonly sequence: number
  readonly notAfter: UnixSeconds
}
