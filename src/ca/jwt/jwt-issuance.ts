import type { Attestor, Evidence } from '../../identity/evidence.ts'
import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Cancellation, RefusedEvent } from '../issue/issuance.ts'

/** What a door hands to the use case that issues JWT-SVIDs. */
export interface IssueJwtRequest {
  readonly evidence: Evidence
  /** As received; every check is the use case's. */
  readonly audiences: readonly string[]
  /** Wanted life, a safe integer of 1 or more; absent: the longest. */
  readonly ttlSeconds?: number
  /** Administrators only: the identity to issue for. */
  readonly identity?: string
  /** Address of the caller: `ip:port` or `local`. */
  readonly peer: string
  readonly requestId: string
  /** Aborted when the caller went away: nothing is signed after that. */
  readonly signal?: Cancellation
}

/** A JWT-SVID, with what its bearer needs to know of it. */
export interface IssuedJwt {
  /** JWS compact serialization (J-1). */
  readonly token: string
  readonly identity: string
  readonly expiresAt: UnixSeconds
  readonly kid: string
  /** Its `jti`, the serial of its row in the record: 32 lower-case hex digits. */
  readonly serial: string
}

export type IssueJwt = (request: IssueJwtRequest) => Promise<IssuedJwt>

/** What the use case tells of itself; never the token. */
export interface JwtObserver {
  issued(event: JwtIssuedEvent): void
  refused(event: RefusedEvent): void
}

export type JwtIssuedEvent = {
  readonly requestId: string
  readonly serial: string
  readonly identity: string
  readonly audiences: readonly string[]
  readonly attestor: Attestor
  readonly subject: string
  readonly notAfter: UnixSeconds
  readonly authority: string
  readonly peer: string
  readonly milliseconds: number
}
