import type { AttestedCaller } from '../identity/evidence.ts'
import type { Clock } from '../kernel/clock.ts'
import { toPublicError } from '../kernel/errors.ts'
import type { RefusedEvent } from './issuance.ts'

/** A request that a use case answers, with what is known of it so far. */
export interface Served {
  readonly request: { readonly requestId: string; readonly peer: string }
  readonly caller: AttestedCaller | null
  /** Milliseconds of the monotonic clock. */
  readonly started: number
}

/** What a use case tells of a request that it refused. */
export function toRefusedEvent(error: unknown, { request, caller, started }: Served, clock: Clock): RefusedEvent {
  return {
    requestId: request.requestId,
    code: toPublicError(error).code,
    error,
    attestor: caller?.attestor ?? null,
    identity: caller?.identity.uri ?? null,
    peer: request.peer,
    milliseconds: millisecondsSince(started, clock),
  }
}

/** Milliseconds, to the microsecond. */
export function millisecondsSince(started: number, clock: Clock): number {
  return Math.round((clock.monotonic() - started) * 1000) / 1000
}
