import { refuseDenied } from '../issue/entitle.ts'
import { grantedLife, type LifeOptions } from '../issue/granted-life.ts'
import type { UnreadRequest } from '../issue/issuance.ts'
import { millisecondsSince, Reception, type ServeDeps, type Served } from '../issue/serve-request.ts'
import { parseAudiences } from './audiences.ts'
import type { IssuedJwt, IssueJwtRequest, JwtObserver } from './jwt-issuance.ts'
import type { JwtSigner } from './sign-jwt.ts'

/** What an operator decides of JWT-SVIDs; times in seconds. */
export interface JwtOptions extends LifeOptions {
  readonly trustDomain: string
}

export interface IssueJwtDeps extends ServeDeps {
  readonly options: JwtOptions
  readonly signer: JwtSigner
  readonly observer: JwtObserver
}

/** The one use case that gives a JWT-SVID, whichever door the request came through. */
export class JwtIssuer {
  readonly #deps: IssueJwtDeps
  readonly #reception: Reception

  constructor(deps: IssueJwtDeps) {
    this.#deps = deps
    this.#reception = new Reception(deps)
  }

  issue(request: IssueJwtRequest): Promise<IssuedJwt> {
    return this.#reception.serve(request, (served) => this.#issue(served)) // 1 who asks, and for whom: as for a certificate
  }

  /** A door tells of what it could not read, so that every refusal is logged and counted in one way. */
  unread(request: UnreadRequest): void {
    this.#reception.unread(request)
  }

  async #issue(served: Served<IssueJwtRequest>): Promise<IssuedJwt> {
    const { request, caller } = served
    const { signer, options } = this.#deps
    const audiences = parseAudiences(request.audiences) // 2 for whom the token is meant
    const ttlSeconds = grantedLife(request.ttlSeconds, options)
    const draft = await signer.draft({ identity: caller.identity.uri, audiences, ttlSeconds }) // 3 header and claims
    const { peer, signal } = request
    const issued = await signer.sign(draft, { caller, peer, signal }) // 4 record the intent, sign, record the result
    refuseDenied(this.#deps, issued.identity) // 5 who was denied meanwhile: a token that is out cannot be revoked
    this.#issued(issued, audiences, served)
    return issued
  }

  #issued(issued: IssuedJwt, audiences: readonly string[], by: Served<IssueJwtRequest>): void {
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
}
