import type { TrustedIssuer, TrustedIssuers } from '../identity/attest-client-certificate.ts'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { Signer } from '../pki/signer.ts'
import { KeyGoneError } from '../pki/signer.ts'
import type { Authority, AuthorityStore, StoredAuthorities } from './authority.ts'
import type { BundleSource, TrustBundle } from './bundle.ts'
import { BundleFiles, type PublishFiles } from './bundle-files.ts'
import { type AuthoritiesOptions, createFirst } from './create-first.ts'
import { findIssuing, issuingAt } from './find-issuing.ts'
import { type InForce, isIdle, NOTHING_IN_FORCE, toInForce } from './in-force.ts'
import type { IssuingAuthority } from './issue/issuing-authority.ts'
import type { KeyProvider } from './key-provider.ts'
import { active, type RotationView } from './rotation/slots.ts'
import { type Transition, withTransition } from './rotation/transition.ts'
import { refuseOtherTrustDomain } from './trust-domain.ts'

export interface AuthoritiesDeps {
  readonly store: AuthorityStore
  readonly keys: KeyProvider
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  /** Called with each new state, stored already. */
  readonly publish: PublishFiles
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
  readonly #files: BundleFiles
  #inForce: InForce = NOTHING_IN_FORCE
  #version = 0
  /** The answer to the last change was lost: it may be stored or not. */
  #isUncertain = false
  /** Why an active intermediate that could sign does not, in words. */
  #wakingProblem: string | null = null

  private constructor(deps: AuthoritiesDeps, options: AuthoritiesOptions) {
    this.#deps = deps
    this.#files = new BundleFiles(deps)
    this.options = options
  }

  /** Finds what is stored, or creates the first root and intermediate. */
  static async open(deps: AuthoritiesDeps, options: AuthoritiesOptions): Promise<Authorities> {
    const authorities = new Authorities(deps, options)
    const stored = await deps.store.loadAuthorities()
    if (stored.authorities.length === 0) {
      const first = await createFirst(deps, options)
      await authorities.commit(first, { actor: 'alcazar', action: 'authority.create' })
    } else {
      refuseOtherTrustDomain(stored.authorities, options.trustDomain)
      await authorities.#enforce(await authorities.#prepare(stored))
    }
    return authorities
  }

  list(): readonly Authority[] {
    return this.#inForce.view.authorities
  }

  /** What rotation decides by. */
  view(): RotationView {
    return this.#inForce.view
  }

  current(): TrustBundle {
    return this.#inForce.bundle
  }

  /** True for the SHA-256 (hex) of an authority's SubjectPublicKeyInfo: its beginning is the authority's id. */
  isOwnKey(spkiSha256: string): boolean {
    return this.#inForce.ids.has(spkiSha256.slice(0, 40))
  }

  /** In words, what of the state in force could not be written to files, and why nothing signs although it could. */
  get problems(): readonly string[] {
    return [this.#files.problem, this.#wakingProblem].filter((problem) => problem !== null)
  }

  /** Grows whenever the set of trusted issuers changes. */
  get version(): number {
    return this.#version
  }

  /** The trusted authority with this key id (hex), or null. */
  find(keyId: string): TrustedIssuer | null {
    return this.#inForce.trusted.get(keyId) ?? null
  }

  /** The active intermediate; `issue.no_active_authority` when there is none that is valid now. */
  issuing(now: UnixSeconds): IssuingAuthority {
    return issuingAt(this.#inForce, now)
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
    const next = await this.#prepare(withTransition(this.view(), transition)) // a key that cannot be used stops the change, not the service
    this.#isUncertain = true
    await this.#deps.store.saveAuthorities({ ...transition, at: this.#deps.clock.now(), ...note })
    this.#isUncertain = false
    await this.#enforce(next)
  }

  /** Finishes what the last change left: reads what is stored, writes files, signs. To be called before a transition is made. */
  async settle(): Promise<void> {
    if (this.#files.problem !== null) await this.#files.write(this.list(), this.current())
    if (!this.#isUncertain) return this.#wake()
    const next = await this.#prepare(await this.#deps.store.loadAuthorities())
    this.#isUncertain = false
    await this.#enforce(next)
  }

  /** A key that cannot be used stops no repair: it is told, and tried again. */
  async #wake(): Promise<void> {
    if (!isIdle(this.#inForce, this.#deps.clock.now())) {
      this.#wakingProblem = null
      return
    }
    try {
      const next = await this.#prepare(this.view())
      if (next.issuing !== null) await this.#enforce(next)
    } catch (error) {
      this.#tellAsleep(error)
    }
  }

  #tellAsleep(error: unknown): void {
    if (this.#wakingProblem === null) this.#deps.log.error('authorities.not_signing', { error })
    this.#wakingProblem = 'the key of the active intermediate cannot be used: the log has the reason'
  }

  async #prepare(stored: StoredAuthorities): Promise<InForce> {
    const view = inOrder(stored)
    const known = this.#inForce.issuing
    const signerOf = async (one: Authority) => (known?.authority.id === one.id ? known.signer : this.signerOf(one))
    try {
      const issuing = await findIssuing(view, { now: this.#deps.clock.now() / 1000, signerOf })
      this.#wakingProblem = null
      return toInForce(view, issuing)
    } catch (error) {
      if (!(error instanceof KeyGoneError) || !this.#signedBefore(active(view, 'intermediate'))) throw error
      this.#tellAsleep(error)
      return toInForce(view, null) // another intermediate can be put in its place
    }
  }

  /** Whether it was to sign before this change, too, or this is the start. */
  #signedBefore(signer: Authority | undefined): boolean {
    const before = active(this.view(), 'intermediate')
    return before === undefined || before.id === signer?.id
  }

  /** Files last: that they cannot be written must not keep what is stored from signing. */
  async #enforce(next: InForce): Promise<void> {
    this.#inForce = next
    this.#version++
    for (const listener of this.#listeners) listener()
    await this.#files.write(this.list(), this.current())
  }
}

/** As the store gives them after a start: the bundle is the same text before and after. */
function inOrder(view: RotationView): RotationView {
  return { ...view, authorities: view.authorities.toSorted(byAge) }
}

function byAge(a: Authority, b: Authority): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}
