import type { AttestedCaller, Evidence, Role } from '../identity/evidence.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, toPublicError } from '../kernel/errors.ts'
import type { TakeToken } from '../kernel/token-bucket.ts'
import { type Csr, parseCsr } from '../pki/csr.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Authorities } from './authorities.ts'
import { checkCsrNames } from './csr-names.ts'
import type { DenyList } from './deny-list.ts'
import type { Issued, IssueObserver, IssueRequest, UnreadRequest } from './issuance.ts'
import type { LeafSigner } from './sign-leaf.ts'

/** What an operator decides of issuing; times in seconds. */
export interface IssuanceOptions {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  readonly defaultTtl: number
  readonly maxTtl: number
  readonly minTtl: number
  readonly rejectOverMax: boolean
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

export interface IssueDeps {
  readonly options: IssuanceOptions
  readonly limits: () => IssuanceLimits
  readonly attest: (evidence: Evidence) => AttestedCaller | Promise<AttestedCaller>
  readonly roleOf: (caller: AttestedCaller) => Role | null
  readonly authorities: Authorities
  readonly denyList: DenyList
  readonly signer: LeafSigner
  readonly takeGlobal: TakeToken
  readonly takePerIdentity: TakeToken
  readonly clock: Clock
  readonly observer: IssueObserver
}

/** The one use case that gives a certificate for a CSR, whichever door the request came through. */
export class CertificateIssuer {
  readonly #deps: IssueDeps
  #running = 0

  constructor(deps: IssueDeps) {
    this.#deps = deps
  }

  /** Requests that are being served. */
  get running(): number {
    return this.#running
  }

  async issue(request: IssueRequest): Promise<Issued> {
    const { signer, clock } = this.#deps
    const started = clock.monotonic()
    let caller: AttestedCaller | null = null
    this.#running++
    try {
      this.#admit(started)
      const attested = this.#deps.attest(request.evidence) // 1 who: identity comes from evidence, never from the CSR
      caller = attested instanceof Promise ? await attested : attested
      caller = this.#entitled(caller, request.identity, started)
      const csr = this.#readCsr(request.csr, caller) // 2 only the key of the CSR is taken
      const ttlSeconds = lifeOf(request.ttlSeconds, this.#deps.options)
      const draft = signer.draft({ uri: caller.identity.uri }, csr, ttlSeconds) // 3 nothing unlinted is ever signed
      const { peer, signal } = request
      const issued = await signer.sign(draft, { caller, peer, signal }) // 4 record the intent, sign, record the result
      this.#issued(issued, csr.keyType, { request, caller, started })
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

  #admit(now: number): void {
    const { queue } = this.#deps.limits()
    if (queue !== null && this.#running > queue) {
      throw new AppError('limit.queue', `${queue} requests are being served already: try again`, {
        retryAfterSeconds: 1,
      })
    }
    refuseOverRate(this.#deps.takeGlobal('', now), 'all callers together')
  }

  #entitled(attested: AttestedCaller, wanted: string | undefined, now: number): AttestedCaller {
    const caller = wanted === undefined ? forItself(attested) : this.#onBehalf(attested, wanted)
    const { uri } = caller.identity
    refuseOverRate(this.#deps.takePerIdentity(uri, now), 'this identity')
    if (this.#deps.denyList.has('identity', uri)) throw new AppError('issue.denied', `\`${uri}\` is on the deny list`)
    return caller
  }

  /** Administrators issue by hand for any identity of the own trust domain. */
  #onBehalf(attested: AttestedCaller, wanted: string): AttestedCaller {
    if (this.#deps.roleOf(attested) !== 'admin') {
      throw new AppError('auth.forbidden', 'only an administrator may name the identity to issue for')
    }
    const identity = parseSpiffeId(wanted, 'request.malformed')
    const { trustDomain } = this.#deps.options
    if (identity.trustDomain !== trustDomain || identity.path === '') {
      const detail = { wanted: `spiffe://${trustDomain}/…`, seen: identity.uri }
      throw new AppError('request.malformed', 'the identity must be of the own trust domain and have a path', detail)
    }
    return { identity, attestor: 'admin', subject: attested.identity.uri }
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

  /** Milliseconds, to the microsecond. */
  #since(started: number): number {
    return Math.round((this.#deps.clock.monotonic() - started) * 1000) / 1000
  }

  #issued(issued: Issued, keyType: KeyType, by: Served & { readonly caller: AttestedCaller }): void {
    this.#deps.observer.issued({
      requestId: by.request.requestId,
      serial: issued.serial,
      identity: issued.identity,
      attestor: by.caller.attestor,
      subject: by.caller.subject,
      keyType,
      notAfter: issued.notAfter,
      authority: issued.issuer.authority,
      peer: by.request.peer,
      milliseconds: this.#since(by.started),
    })
  }

  #refused(error: unknown, by: Served): void {
    this.#deps.observer.refused({
      requestId: by.request.requestId,
      code: toPublicError(error).code,
      error,
      attestor: by.caller?.attestor ?? null,
      identity: by.caller?.identity.uri ?? null,
      peer: by.request.peer,
      milliseconds: this.#since(by.started),
    })
  }
}

interface Served {
  readonly request: Pick<IssueRequest, 'requestId' | 'peer'>
  readonly caller: AttestedCaller | null
  readonly started: number
}

/** The local administrator has no identity of its own. */
function forItself(attested: AttestedCaller): AttestedCaller {
  if (attested.attestor !== 'admin') return attested
  throw new AppError('request.malformed', 'an administrator has to name the identity to issue for')
}

/** The life that is granted: the default, raised to the minimum, clamped to (or refused above) the maximum. */
function lifeOf(wanted: number | undefined, options: IssuanceOptions): number {
  if (wanted === undefined) return options.defaultTtl
  if (wanted > options.maxTtl && options.rejectOverMax) {
    const detail = { wanted: `at most ${options.maxTtl} s`, seen: `${wanted} s` }
    throw new AppError('issue.ttl_invalid', 'the requested life is above the maximum', detail)
  }
  return Math.min(Math.max(wanted, options.minTtl), options.maxTtl)
}

function refuseOverRate(waitSeconds: number, whose: string): void {
  if (waitSeconds === 0) return
  const retryAfterSeconds = Math.max(1, Math.ceil(waitSeconds))
  throw new AppError('limit.rate', `too many requests of ${whose}: try again later`, { retryAfterSeconds })
}
