import type { Attestor, Spend } from '../identity/evidence.ts'
import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { Page, PageRequest } from '../kernel/page.ts'

/** What is about to be signed and for whom; durable before the key is used. */
export interface Intent {
  /** 16 bytes, positive, never 0. */
  readonly serial: Buffer
  readonly identity: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly issuedAt: UnixMillis
  readonly attestor: Attestor
  readonly subject: string
  /** Id of the signing authority. */
  readonly authority: string
  readonly spkiSha256: Buffer
  readonly csrSha256: Buffer
  /** Address of the caller, `ip:port` or `local`. */
  readonly peer: string
  readonly bundleSequence: number
  /** Counted in the same transaction; used up: `auth.token_used` and no row. */
  readonly spend?: Spend
}

export type IntentId = number
export type Outcome = 'issued' | 'failed' | 'unknown'

/** The append-only record of issuance. */
export interface IssuanceRecord {
  /**
   * Resolves once the row is durable. Rejects with `issue.not_recorded` when it cannot be, `auth.token_used` when
   * `spend` was used up or has expired, `limit.queue` when more intents wait than the bound allows.
   */
  recordIntent(intent: Intent): Promise<IntentId>
  /** Queues the result row; it is written with a later group and not waited for. */
  recordResult(id: IntentId, outcome: 'issued' | 'failed'): void
  /** Intents and results not yet durable. */
  readonly depth: number
}

/** A row of the record as people read it; times in Unix seconds, issuedAt in milliseconds, hashes lower-case hex. */
export interface IssuedRow {
  /** Of a JWT-SVID `serial` is its `jti`, `spkiSha256` of the key that signed it, `csrSha256` of what was signed. */
  readonly kind: 'certificate' | 'jwt'
  readonly serial: string
  readonly identity: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly issuedAt: UnixMillis
  readonly attestor: Attestor
  readonly subject: string
  readonly authority: string
  readonly spkiSha256: string
  readonly csrSha256: string
  readonly peer: string
  readonly bundleSequence: number
  readonly outcome: Outcome
}

/** Filters add up; newest first. `since` and `until` compare `issuedAt`, both inclusive. */
export interface IssuedQuery extends PageRequest {
  readonly identity?: string
  readonly serial?: string
  readonly since?: UnixMillis
  readonly until?: UnixMillis
}

export interface IssuanceQuery {
  listIssued(query: IssuedQuery): Promise<Page<IssuedRow>>
}
