import type { AttestedCaller, Evidence } from '../../identity/evidence.ts'
import type { Clock } from '../../kernel/clock.ts'
import { admit, type EntitleDeps, entitled, refuseDenied } from '../entitle.ts'
import { grantedLife, type LifeOptions } from '../granted-life.ts'
import type { UnreadRequest } from '../issuance.ts'
import { millisecondsSince, type Served, toRefusedEvent } from '../served.ts'
import { parseAudiences } from './audiences.ts'
import type { IssuedJwt, IssueJwtRequest, JwtObserver } from './jwt-issuance.ts'
import type { JwtSigner } from './sign-jwt.ts'

/** What an operator decides of JWT-SVIDs; times in seconds. */
export interface JwtOptions extends LifeOptions {
  readonly trustDomain: string
}

export interface IssueJwtDeps extends EntitleDeps {
  readonly options: JwtOptions
  readonly attest: (evidence: Evidence) => AttestedCaller | Promise<AttestedCaller>
  readonly signer: JwtSigner
  readonly clock: Clock
  readonly observer: JwtObserver
}

/** The one use case that gives a JWT-SVID, whichever door the request came through. */
export class JwtIssuer {
  readonly #deps: IssueJwtDeps
  #running = 0

  constructor(deps: IssueJwtDeps) {
    this.#deps = deps
  }

  async issue(request: IssueJwtRequest): Promise<IssuedJwt> {
    const { attest, signer, options, clock } = this.#deps
    const started = clock.monotonic()
    let caller: AttestedCaller | null = null
    this.#running++
    try {
      admit(this.#deps, this.#running, started)
      caller = await attest(request.evidence) // 1 who: as for a certificate
      caller = entitled(this.#deps, caller, { wanted: request.identity, now: started })
      const audiences = parseAudiences(request.audiences) // 2 for whom the token is meant
      const ttlSeconds = grantedLife(request.ttlSeconds, options)
      const draft = await signer.draft({ identity: caller.identity.uri, audiences, ttlSeconds }) // 3 header and claims
      const { peer, signal } = request
      const issued = await signer.sign(draft, { caller, peer, signal }) // 4 record the intent, sign, record the result
      refuseDenied(this.#deps, issued.identity) // 5 who was denied meanwhile: a token that is out cannot be revoked
      this.#issued(issued, audiences, { request, caller, started })
      return issued
    } catch (error) {
      this.#refused(error, { request, caller, started })
      throw error
    } finally {
      this.#running--
    }
  }

  /** A door tells of what it could not read, so that every refusal is logged and counted in one way. */
  unread({ error, ...request }: UnreadRequest): void {
    this.#refused(error, { request, caller: null, started: this.#deps.clock.monotonic() })
  }

  #issued(issued: IssuedJwt, audiences: readonly string[], by: Served & { readonly caller: AttestedCaller }): void {
    this.#deps.observer.issued({
      requestId: by.request.requestId,
      serial: issued.serial,
      identity: issued.identity,
      audiences,
      attestor: by.caller.attestor,
      subject: by.caller.subject,
      notAfter: issued.expiresAt,
      authority: issued.kid,
      peer: by.request.peer,
      milliseconds: millisecondsSince(by.started, this.#deps.clock),
    })
  }

  #refused(error: unknown, by: Served): void {
    this.#deps.observer.refused(toRefusedEvent(error, by, this.#deps.clock))
  }
}
