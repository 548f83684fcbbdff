import type { TrustedIssuer, TrustedIssuers } from '../identity/attest-client-certificate.ts'
import type { Clock, UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Signer } from '../pki/signer.ts'
import type { Authority, AuthorityStore } from './authority.ts'
import { buildBundle } from './build-bundle.ts'
import type { BundleSource, TrustBundle } from './bundle.ts'
import { createIntermediate, createRoot } from './create-authority.ts'
import { issuerChainOf } from './cross-chain.ts'
import type { IssuerChain } from './issuance.ts'
import { buildIssuingAuthority, type IssuingAuthority } from './issuing-authority.ts'
import type { KeyProvider } from './key-provider.ts'
import { active, type RotationView } from './rotation/slots.ts'
import { type Transition, withTransition } from './rotation/transitions.ts'
import { refuseOtherTrustDomain } from './trust-domain.ts'
import { trustedIssuers } from './trusted-issuers.ts'

interface AuthorityOptions {
  readonly keyType: KeyType
  readonly ttl: number
}

export interface AuthoritiesOptions {
  readonly trustDomain: string
  readonly root: AuthorityOptions
  readonly intermediate: AuthorityOptions
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

/** Who changed the authorities, how, and why. */
export interface ChangeNote {
  readonly actor: string
  /** `authority.activate` and its kin. */
  readonly action: string
  readonly reason?: string
}

/** The authorities of this service: what is stored, the bundle they make, and the one that signs. */
export class Authorities implements BundleSource, TrustedIssuers {
  readonly options: AuthoritiesOptions
  readonly #deps: AuthoritiesDeps
  readonly #listeners = new Set<() => void>()
  #view: RotationView = { authorities: [], rotations: [], bundleSequence: 0 }
  #bundle: TrustBundle = buildBundle([], 0)
  #issuing: IssuingAuthority | null = null
  #trusted = new Map<string, TrustedIssuer>()
  #ids = new Set<string>()
  #version = 0
  /** The answer to the last change was lost: it may be stored or not. */
  #isUncertain = false
  #problem: string | null = null

  private constructor(deps: AuthoritiesDeps, options: AuthoritiesOptions) {
    this.#deps = deps
    this.options = options
  }

  /** Finds what is stored, or creates the first root and intermediate. */
  static async open(deps: AuthoritiesDeps, options: AuthoritiesOptions): Promise<Authorities> {
    const authorities = new Authorities(deps, options)
    await authorities.#start()
    return authorities
  }

  list(): readonly Authority[] {
    return this.#view.authorities
  }

  /** What rotation decides by. */
  view(): RotationView {
    return this.#view
  }

  current(): TrustBundle {
    return this.#bundle
  }

  /** True for the SHA-256 (hex) of an authority's SubjectPublicKeyInfo: its beginning is the authority's id. */
  isOwnKey(spkiSha256: string): boolean {
    return this.#ids.has(spkiSha256.slice(0, 40))
  }

  /** In words, what of the state in force could not be written to files. */
  get problems(): readonly string[] {
    return this.#problem === null ? [] : [this.#problem]
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
    const authority = issuing?.authority ?? active(this.#view, 'intermediate')
    if (authority === undefined) throw noAuthority('there is no active intermediate: an administrator has to rotate it')
    const { notBefore, notAfter } = authority
    if (now < notBefore)
      throw noAuthority('the active intermediate is not valid yet: the clock is slow, or was fast when it was made')
    if (issuing === null || now >= notAfter)
      throw noAuthority('the active intermediate has expired: an administrator has to rotate it')
    return issuing
  }

  /** Told of each change, once it is in force. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The key of an authority; rejects when it is gone or must not be used. */
  signerOf({ id, keyType }: Authority): Promise<Signer> {
    return this.#deps.keys.load(id, keyType)
  }

  /** Stores the transition and puts it in force: all of it or nothing. The caller sees that one runs at a time. */
  async commit(transition: Transition, note: ChangeNote): Promise<void> {
    const next = inOrder(withTransition(this.#view, transition))
    const issuing = await this.#issuingOf(next) // a key that cannot be used stops the change, not the service
    await this.#store(transition, note)
    await this.#enforce(next, issuing)
  }

  /** Finishes what the last change left: reads what is stored, writes files. To be called before a transition is made. */
  async settle(): Promise<void> {
    if (this.#problem !== null) await this.#publish()
    if (!this.#isUncertain) return
    const stored = inOrder(await this.#deps.store.loadAuthorities())
    const issuing = await this.#issuingOf(stored)
    this.#isUncertain = false
    await this.#enforce(stored, issuing)
  }

  async #start(): Promise<void> {
    const stored = inOrder(await this.#deps.store.loadAuthorities())
    if (stored.authorities.length === 0) return this.#createFirst()
    refuseOtherTrustDomain(stored.authorities, this.options.trustDomain)
    await this.#enforce(stored, await this.#issuingOf(stored))
  }

  async #createFirst(): Promise<void> {
    const now = this.#deps.clock.now()
    const root = await createRoot(this.#deps, this.#planOf('root', now))
    const intermediate = await createIntermediate(this.#deps, this.#planOf('intermediate', now), root)
    const first = { ...root.authority, publishedSequence: 1 }
    const transition = { authorities: [first, intermediate.authority], rotations: [], bundleSequence: 1 }
    await this.commit(transition, { actor: 'alcazar', action: 'authority.create' })
  }

  #planOf(kind: 'root' | 'intermediate', now: UnixMillis) {
    const { keyType, ttl } = this.options[kind]
    return { trustDomain: this.options.trustDomain, keyType, ttlSeconds: ttl, now, state: 'active' as const }
  }

  /** The active intermediate with its key; an expired one needs none, so that the service starts and can be repaired. */
  async #issuingOf(view: RotationView): Promise<IssuingAuthority | null> {
    const authority = active(view, 'intermediate')
    if (authority === undefined) return null
    const { roots, sequence } = buildBundle(view.authorities, view.bundleSequence)
    const chain: IssuerChain = {
      authority: authority.id,
      intermediates: issuerChainOf(view.authorities, authority),
      roots,
      bundleSequence: sequence,
    }
    if (this.#deps.clock.now() / 1000 >= authority.notAfter) return null
    const known = this.#issuing?.authority.id === authority.id ? this.#issuing.signer : null
    return buildIssuingAuthority({ authority, signer: known ?? (await this.signerOf(authority)) }, chain)
  }

  async #store({ authorities, rotations, bundleSequence }: Transition, note: ChangeNote): Promise<void> {
    const at = this.#deps.clock.now()
    this.#isUncertain = true
    await this.#deps.store.saveAuthorities({ authorities, rotations, bundleSequence, at, ...note })
    this.#isUncertain = false
  }

  /** Files last: that they cannot be written must not keep what is stored from signing. */
  async #enforce(view: RotationView, issuing: IssuingAuthority | null): Promise<void> {
    this.#take(view, issuing)
    for (const listener of this.#listeners) listener()
    await this.#publish()
  }

  /** What is in force stays so when it cannot be written: it is told of, and tried again. */
  async #publish(): Promise<void> {
    try {
      await this.#deps.publish(this.#view.authorities, this.#bundle)
      this.#problem = null
    } catch (error) {
      if (this.#problem === null) this.#deps.log.error('authorities.not_written', { error })
      this.#problem =
        'the trust bundle and the certificates of authorities could not be written to their files: the log has the reason'
    }
  }

  #take(view: RotationView, issuing: IssuingAuthority | null): void {
    this.#view = view
    this.#bundle = buildBundle(view.authorities, view.bundleSequence)
    this.#issuing = issuing
    this.#trusted = trustedIssuers(view.authorities)
    this.#ids = new Set(view.authorities.map((authority) => authority.id))
    this.#version++
  }
}

/** As the store gives them after a start: the bundle is the same text before and after. */
function inOrder(view: RotationView): RotationView {
  return { ...view, authorities: view.authorities.toSorted(byAge) }
}

function byAge(a: Authority, b: Authority): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}

function noAuthority(why: string): AppError {
  return new AppError('issue.no_active_authority', `${why}; try again later`, { retryAfterSeconds: 60 })
}
