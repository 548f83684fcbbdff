import type { TrustedIssuer, TrustedIssuers } from '../identity/attest-client-certificate.ts'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Authority, AuthorityKind, AuthorityStore } from './authority.ts'
import { buildBundle } from './build-bundle.ts'
import type { BundleSource, TrustBundle } from './bundle.ts'
import { createIntermediate, createRoot, type KeyedAuthority } from './create-authority.ts'
import type { IssuerChain } from './issuance.ts'
import { buildIssuingAuthority, type IssuingAuthority } from './issuing-authority.ts'
import type { KeyProvider } from './key-provider.ts'
import { refuseOtherTrustDomain } from './trust-domain.ts'
import { trustedIssuers } from './trusted-issuers.ts'

export interface AuthoritiesOptions {
  readonly trustDomain: string
  readonly root: { readonly keyType: KeyType; readonly ttl: number }
  readonly intermediate: { readonly keyType: KeyType; readonly ttl: number }
}

export interface AuthoritiesDeps {
  readonly store: AuthorityStore
  readonly keys: KeyProvider
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  /** Called with each new state, stored already: writes certificates and the bundle to files. */
  readonly publish: (authorities: readonly Authority[], bundle: TrustBundle) => Promise<void>
}

/** Share of an intermediate's life after which its successor takes over. */
const ACTIVATE_AT = 0.83

/** Roots and intermediates of this service: created at the first start, found again at every other. */
export class Authorities implements BundleSource, TrustedIssuers {
  readonly #deps: AuthoritiesDeps
  readonly #options: AuthoritiesOptions
  #authorities: readonly Authority[] = []
  #bundle: TrustBundle = buildBundle([], 0)
  #issuing: IssuingAuthority | null = null
  #trusted = new Map<string, TrustedIssuer>()
  #ids = new Set<string>()
  #version = 0
  #renewing: Promise<boolean> | null = null
  #renewalProblem: string | null = null

  private constructor(deps: AuthoritiesDeps, options: AuthoritiesOptions) {
    this.#deps = deps
    this.#options = options
  }

  static async open(deps: AuthoritiesDeps, options: AuthoritiesOptions): Promise<Authorities> {
    const authorities = new Authorities(deps, options)
    await authorities.#start()
    return authorities
  }

  list(): readonly Authority[] {
    return this.#authorities
  }

  current(): TrustBundle {
    return this.#bundle
  }

  /** True for the SHA-256 (hex) of an authority's SubjectPublicKeyInfo: its beginning is the authority's id. */
  isOwnKey(spkiSha256: string): boolean {
    return this.#ids.has(spkiSha256.slice(0, 40))
  }

  /** Grows whenever the set of trusted issuers changes. */
  get version(): number {
    return this.#version
  }

  /** The trusted authority with this key id (hex), or null. */
  find(keyId: string): TrustedIssuer | null {
    return this.#trusted.get(keyId) ?? null
  }

  /** The active intermediate; `issue.no_active_authority` when there is none that is valid now. */
  issuing(now: UnixSeconds): IssuingAuthority {
    const issuing = this.#issuing
    if (issuing === null) throw noAuthority('there is no active intermediate: an administrator has to rotate it')
    const { notBefore, notAfter } = issuing.authority
    if (now < notBefore) throw noAuthority('the active intermediate is not valid yet: the clock of the service is slow')
    if (now >= notAfter) throw noAuthority('the active intermediate has expired: an administrator has to rotate it')
    return issuing
  }

  /** In words, why the next intermediate cannot be made, while the active one may well sign; null: nothing is known. */
  get renewalProblem(): string | null {
    return this.#renewalProblem
  }

  /**
   * Puts a new intermediate in place when the active one is past its activation point; the root stays. True when it
   * did. One at a time: who asks meanwhile gets the answer of the one that runs.
   */
  renewIntermediate(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null
    })
    return this.#renewing
  }

  async #renew(): Promise<boolean> {
    const now = this.#deps.clock.now()
    const active = this.#active('intermediate')
    const root = this.#active('root')
    if (active !== undefined && now / 1000 < activationPoint(active)) {
      if (this.#renewalProblem !== null) await this.#tryRootKey() // somebody may have put it right
      return false
    }
    if (root === undefined || now / 1000 >= root.notAfter) return false
    try {
      await this.#replace(active, root)
      this.#renewalProblem = null
    } catch (error) {
      this.#renewalProblem = 'the intermediate is due and could not be renewed: the log has the reason'
      throw error
    }
    await this.#publish()
    return true
  }

  async #replace(active: Authority | undefined, root: Authority): Promise<void> {
    const now = this.#deps.clock.now()
    const signer = await this.#deps.keys.load(root.id, root.keyType)
    const plan = { trustDomain: this.#options.trustDomain, now, ...planOf(this.#options.intermediate) }
    const next = await createIntermediate(this.#deps, plan, { authority: root, signer })
    const old: Authority[] = active === undefined ? [] : [{ ...active, state: 'draining' }]
    await this.#save([...old, next.authority], 'authority.renew', this.#bundle.sequence)
    this.#activate(next)
  }

  async #start(): Promise<void> {
    const stored = await this.#deps.store.loadAuthorities()
    if (stored.authorities.length === 0) return this.#createFirst()
    refuseOtherTrustDomain(stored.authorities, this.#options.trustDomain)
    this.#take(stored.authorities, stored.bundleSequence)
    await this.#publish()
    const active = this.#active('intermediate')
    if (await this.#isRenewedAtStart(active)) return
    if (active === undefined) return
    this.#activate({ authority: active, signer: await this.#deps.keys.load(active.id, active.keyType) })
    if (this.#renewalProblem === null) await this.#tryRootKey()
  }

  /** A root that cannot sign stops no service whose intermediate still can. */
  async #isRenewedAtStart(active: Authority | undefined): Promise<boolean> {
    try {
      return await this.renewIntermediate()
    } catch (error) {
      if (active === undefined || this.#deps.clock.now() / 1000 >= active.notAfter) throw error
      this.#deps.log.error('authority.renewal_failed', { error })
      return false
    }
  }

  /** A root key that is here must be of use: better known at the start than when the intermediate is due. */
  async #tryRootKey(): Promise<void> {
    const { keys, log } = this.#deps
    const root = this.#active('root')
    try {
      if (root !== undefined && (await keys.has(root.id))) await keys.load(root.id, root.keyType)
      this.#renewalProblem = null
    } catch (error) {
      if (this.#renewalProblem === null) log.error('authority.root_key_unusable', { error })
      this.#renewalProblem =
        'the key of the root cannot be used, so the intermediate cannot be renewed: the log has the reason'
    }
  }

  async #createFirst(): Promise<void> {
    const now = this.#deps.clock.now()
    const trustDomain = this.#options.trustDomain
    const root = await createRoot(this.#deps, { trustDomain, now, ...planOf(this.#options.root) })
    const plan = { trustDomain, now, ...planOf(this.#options.intermediate) }
    const intermediate = await createIntermediate(this.#deps, plan, root)
    await this.#save([root.authority, intermediate.authority], 'authority.create', 1)
    this.#activate(intermediate)
    await this.#publish()
  }

  #active(kind: AuthorityKind): Authority | undefined {
    return this.#authorities.find((authority) => authority.kind === kind && authority.state === 'active')
  }

  async #save(changed: readonly Authority[], action: string, sequence: number): Promise<void> {
    const at = this.#deps.clock.now()
    await this.#deps.store.saveAuthorities({
      authorities: changed,
      bundleSequence: sequence,
      actor: 'alcazar',
      action,
      at,
    })
    const ids = new Set(changed.map((authority) => authority.id))
    this.#take([...this.#authorities.filter((authority) => !ids.has(authority.id)), ...changed], sequence)
  }

  /** Last: files that cannot be written must not keep what is stored from signing. */
  async #publish(): Promise<void> {
    await this.#deps.publish(this.#authorities, this.#bundle)
  }

  #take(authorities: readonly Authority[], sequence: number): void {
    this.#authorities = authorities
    this.#bundle = buildBundle(authorities, sequence)
    this.#trusted = trustedIssuers(authorities)
    this.#ids = new Set(authorities.map((authority) => authority.id))
    this.#version++
  }

  #activate(keyed: KeyedAuthority): void {
    const chain: IssuerChain = {
      authority: keyed.authority.id,
      intermediates: [keyed.authority.certificate],
      roots: this.#bundle.roots,
      bundleSequence: this.#bundle.sequence,
    }
    this.#issuing = buildIssuingAuthority(keyed, chain)
  }
}

function noAuthority(why: string): AppError {
  return new AppError('issue.no_active_authority', `${why}; try again later`, { retryAfterSeconds: 60 })
}

function activationPoint(authority: Authority): UnixSeconds {
  return authority.notBefore + (authority.notAfter - authority.notBefore) * ACTIVATE_AT
}

function planOf(authority: { readonly keyType: KeyType; readonly ttl: number }) {
  return { keyType: authority.keyType, ttlSeconds: authority.ttl }
}
