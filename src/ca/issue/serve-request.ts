import type { AttestedCaller, Evidence } from '../../identity/evidence.ts'
import type { Clock } from '../../kernel/clock.ts'
import { toPublicError } from '../../kernel/errors.ts'
import { admit, type EntitleDeps, entitled } from './entitle.ts'
import type { RefusedEvent, UnreadRequest } from './issuance.ts'

export interface ServeDeps extends EntitleDeps {
  readonly attest: (evidence: Evidence) => AttestedCaller | Promise<AttestedCaller>
  readonly clock: Clock
  readonly observer: { refused(event: RefusedEvent): void }
}

/** What requests for a certificate and for a JWT have in common. */
interface Request {
  readonly evidence: Evidence
  readonly identity?: string
  readonly peer: string
  readonly requestId: string
}

/** A request of somebody who may have what it asks for. */
export interface Served<R> {
  readonly request: R
  readonly caller: AttestedCaller
  /** Milliseconds of the monotonic clock. */
  readonly started: number
}

/** The door of a use case: lets requests in, finds out for whom they are, and tells of every refusal in one way. */
export class Reception {
  readonly #deps: ServeDeps
  #running = 0

  constructor(deps: ServeDeps) {
    this.#deps = deps
  }

  /** Does the work for the caller that the evidence names; `limit.queue`, `limit.rate`, and the codes of attestation. */
  async serve<R extends Request, T>(request: R, work: (served: Served<R>) => Promise<T>): Promise<T> {
    const started = this.#deps.clock.monotonic()
    let caller: AttestedCaller | null = null
    this.#running++
    try {
      admit(this.#deps, this.#running, started)
      const attested = this.#deps.attest(request.evidence) // identity comes from evidence, never from the CSR
      caller = attested instanceof Promise ? await attested : attested
      caller = entitled(this.#deps, caller, { wanted: request.identity, now: started })
      return await work({ request, caller, started })
    } catch (error) {
      this.#refused(error, { request, caller, started })
      throw error
    } finally {
      this.#running--
    }
  }

  /** A door tells of what it could not read. */
  unread({ error, ...request }: UnreadRequest): void {
    this.#refused(error, { request, caller: null, started: this.#deps.clock.monotonic() })
  }

  #refused(error: unknown, { request, caller, started }: Refused): void {
    this.#deps.observer.refused({
      requestId: request.requestId,
      code: toPublicError(error).code,
      error,
      attestor: caller?.attestor ?? null,
      identity: caller?.identity.uri ?? null,
      peer: request.peer,
      milliseconds: millisecondsSince(started, this.#deps.clock),
    })
  }
}

interface Refused {
  readonly request: { readonly requestId: string; readonly peer: string }
  /** Null until somebody was attested. */
  readonly caller: AttestedCaller | null
  readonly started: number
}

/** Milliseconds, to the microsecond. */
export function millisecondsSince(started: number, clock: Clock): number {
  return Math.round((clock.monotonic() - started) * 1000) / 1000
}
