import type { Attestor, Evidence } from '../../identity/evidence.ts'
import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import type { KeyType } from '../../pki/key-types.ts'

/** Whether anybody still waits for the answer; an `AbortSignal` is one. */
export interface Cancellation {
  readonly aborted: boolean
}

/** What any door (gRPC, REST, admin socket) hands to the one use case that issues. */
export interface IssueRequest {
  readonly evidence: Evidence
  /** PEM as received; every check is the use case's. */
  readonly csr: string
  /** Wanted life, a safe integer of 1 or more; absent: the default. */
  readonly ttlSeconds?: number
  /** Administrators only: the identity to issue for. */
  readonly identity?: string
  /** Address of the caller: `ip:port` or `local`. */
  readonly peer: string
  readonly requestId: string
  /** Aborted when the caller went away or its deadline passed: nothing is signed after that. */
  readonly signal?: Cancellation
}

/** What was issued; PEM strings hold one certificate each and end in a newline. */
export interface Issued {
  /** 32 lower-case hex digits. */
  readonly serial: string
  readonly identity: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly renewAfter: UnixSeconds
  readonly issuedAt: UnixMillis
  readonly leaf: string
  readonly issuer: IssuerChain
}

/** What goes out with every leaf of one authority; the same object until authorities or roots change. */
export interface IssuerChain {
  /** Id of the authority that signs. */
  readonly authority: string
  /** The intermediates, signer first, then cross-certificates of the root by older ones; no root. */
  readonly intermediates: readonly string[]
  /** Every trusted root. */
  readonly roots: readonly string[]
  readonly bundleSequence: number
}

export type IssueCertificate = (request: IssueRequest) => Promise<Issued>

/** A request that was refused before it could be read: malformed, too large, of a wrong type. */
export interface UnreadRequest {
  readonly requestId: string
  readonly peer: string
  /** The thrown value. */
  readonly error: unknown
}

/** What the use case tells of itself; the composition root turns it into metrics and log lines. */
export interface IssueObserver {
  issued(event: IssuedEvent): void
  refused(event: RefusedEvent): void
}

export type IssuedEvent = {
  readonly requestId: string
  readonly serial: string
  readonly identity: string
  readonly attestor: Attestor
  readonly subject: string
  /** Who asked, where that was not `identity` itself. */
  readonly impersonatedBy?: string
  readonly keyType: KeyType
  readonly notAfter: UnixSeconds
  readonly authority: string
  /** The bundle that was delivered with it. */
  readonly bundleSequence: number
  readonly peer: string
  readonly milliseconds: number
}

export interface RefusedEvent {
  readonly requestId: string
  readonly code: ErrorCode
  /** The thrown value, for the log alone. */
  readonly error: unknown
  readonly attestor: Attestor | null
  readonly identity: string | null
  readonly peer: string
  readonly milliseconds: number
}
