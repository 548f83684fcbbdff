import type { AttestedCaller } from '../../identity/evidence.ts'
import { AppError } from '../../kernel/errors.ts'
import { type Csr, parseCsr } from '../../pki/csr.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authorities } from '../authorities.ts'
import { checkCsrNames } from './csr-names.ts'
import { grantedLife, type LifeOptions } from './granted-life.ts'
import type { Issued, IssueObserver, IssueRequest, UnreadRequest } from './issuance.ts'
import { millisecondsSince, Reception, type ServeDeps, type Served } from './serve-request.ts'
import type { LeafSigner } from './sign-leaf.ts'

/** What an operator decides of issuing; times in seconds. */
export interface IssuanceOptions extends LifeOptions {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  readonly csrNames: 'match' | 'ignore'
  readonly keyTypes: ReadonlySet<KeyType>
  /** Hex SHA-256 of SubjectPublicKeyInfo. */
  readonly blockedKeys: ReadonlySet<string>
}

/** The bounds in force, read at each request because they may be reloaded. */
interface IssuanceLimits {
  readonly csr: number | null
  readonly asn1Depth: number | null
  readonly queue: number | null
}

export interface IssueDeps extends ServeDeps {
  readonly options: IssuanceOptions
  readonly limits: () => IssuanceLimits
  readonly authorities: Authorities
  readonly signer: LeafSigner
  readonly observer: IssueObserver
  /** Whether holders shall come back soon: an authority is tainted. */
  readonly isUrgent: () => boolean
}

/** Life while an authority is tainted: its holders come back soon, and learn at once when it is gone. */
const URGENT_TTL_SECONDS = 600

/** The one use case that gives a certificate for a CSR, whichever door the request came through. */
export class CertificateIssuer {
  readonly #deps: IssueDeps
  readonly #reception: Reception
  readonly #work = (served: Served<IssueRequest>) => this.#issue(served)

  constructor(deps: IssueDeps) {
    this.#deps = deps
    this.#reception = new Reception(deps)
  }

  issue(request: IssueRequest): Promise<Issued> {
    return this.#reception.serve(request, this.#work) // 1 who asks, and for whom
  }

  /** A door tells of what it could not read, so that every refusal is logged and counted in one way. */
  unread(request: UnreadRequest): void {
    this.#reception.unread(request)
  }

  async #issue(served: Served<IssueRequest>): Promise<Issued> {
    const { request, caller } = served
    const csr = this.#readCsr(request.csr, caller) // 2 only the key of the CSR is taken
    const ttlSeconds = this.#lifeOf(request)
    const draft = this.#deps.signer.draft({ uri: caller.identity.uri }, csr, ttlSeconds) // 3 nothing unlinted is ever signed
    const { peer, signal } = request
    const issued = await this.#deps.signer.sign(draft, { caller, peer, signal }) // 4 record the intent, sign, record the result
    this.#refuseDenied(caller, csr) // 5 who was denied meanwhile: what is revoked with them may not have seen this one
    this.#issued(issued, csr.keyType, served)
    return issued
  }

  #lifeOf({ ttlSeconds }: IssueRequest): number {
    const granted = grantedLife(ttlSeconds, this.#deps.options)
    return this.#deps.isUrgent() ? Math.min(granted, URGENT_TTL_SECONDS) : granted
  }

  #readCsr(pem: string, caller: AttestedCaller): Csr {
    const { options, limits, denyList, authorities } = this.#deps
    const { csr: maxBytes, asn1Depth } = limits()
    const csr = parseCsr(pem, { maxBytes, asn1Depth, allowed: options.keyTypes })
    const key = csr.spkiSha256.toString('hex')
    if (options.blockedKeys.has(key) || denyList.has('key', key) || authorities.isOwnKey(key)) {
      throw new AppError('issue.denied', 'this public key never gets a certificate: generate a new key')
    }
    checkCsrNames(csr.names, caller.identity, options.trustDomainAliases, options.csrNames)
    return csr
  }

  #refuseDenied(caller: AttestedCaller, { spkiSha256 }: Csr): void {
    const { denyList } = this.#deps
    if (!denyList.has('identity', caller.identity.uri) && !denyList.has('key', spkiSha256.toString('hex'))) return
    throw new AppError('issue.denied', 'the identity or the key was denied while the certificate was issued')
  }

  #issued(issued: Issued, keyType: KeyType, by: Served<IssueRequest>): void {
    const { attestor, subject, impersonatedBy } = by.caller
    this.#deps.observer.issued({
      requestId: by.request.requestId,
      serial: issued.serial,
      identity: issued.identity,
      attestor,
      subject,
      ...(impersonatedBy === undefined ? {} : { impersonatedBy: impersonatedBy.uri }),
      keyType,
      notAfter: issued.notAfter,
      authority: issued.issuer.authority,
      bundleSequence: issued.issuer.bundleSequence,
      peer: by.request.peer,
      milliseconds: millisecondsSince(by.started, this.#deps.clock),
    })
  }
}
