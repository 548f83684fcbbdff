import type { TrustedIssuer, TrustedIssuers } from '../identity/attest-client-certificate.ts'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { readAuthorityCertificate } from '../pki/build-certificate.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Authority, AuthorityStore } from './authority.ts'
import { buildBundle, isTrusted } from './build-bundle.ts'
import type { BundleSource, TrustBundle } from './bundle.ts'
import { createIntermediate, createRoot, type KeyedAuthority } from './create-authority.ts'
import type { IssuerChain } from './issuance.ts'
import { buildIssuingAuthority, type IssuingAuthority } from './issuing-authority.ts'
import type { KeyProvider } from './key-provider.ts'

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

  /** The active intermediate; `issue.no_active_authority` when there is none that is still valid. */
  issuing(now: UnixSeconds): IssuingAuthority {
    const issuing = this.#issuing
    if (issuing !== null && now < issuing.authority.notAfter) return issuing
    const why = issuing === null ? 'there is no active intermediate' : 'the active intermediate has expired'
    throw new AppError('issue.no_active_authority', `${why}: an administrator has to rotate it; try again later`, {
      retryAfterSeconds: 60,
    })
  }

  /** Puts a new intermediate in place when the active one is past its activation point; the root stays. True when it did. */
  async renewIntermediate(): Promise<boolean> {
    const now = this.#deps.clock.now()
    const active = this.#authorities.find(
      (authority) => authority.kind === 'intermediate' && authority.state === 'active',
    )
    if (active !== undefined && now / 1000 < activationPoint(active)) return false
    const root = this.#activeRoot()
    if (root === undefined || now / 1000 >= root.notAfter) return false
    const signer = await this.#deps.keys.load(root.id, root.keyType)
    const plan = { trustDomain: this.#options.trustDomain, now, ...planOf(this.#options.intermediate) }
    const next = await createIntermediate(this.#deps, plan, { authority: root, signer })
    const old: Authority[] = active === undefined ? [] : [{ ...active, state: 'draining' }]
    await this.#save([...old, next.authority], 'authority.renew', this.#bundle.sequence)
    this.#activate(next)
    await this.#publish()
    return true
  }

  async #start(): Promise<void> {
    const stored = await this.#deps.store.loadAuthorities()
    if (stored.authorities.length === 0) return this.#createFirst()
    this.#take(stored.authorities, stored.bundleSequence)
    await this.#publish()
    if (await this.renewIntermediate()) return
    const active = this.#authorities.find(
      (authority) => authority.kind === 'intermediate' && authority.state === 'active',
    )
    if (active === undefined) return
    this.#activate({ authority: active, signer: await this.#deps.keys.load(active.id, active.keyType) })
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

  #activeRoot(): Authority | undefined {
    return this.#authorities.find((authority) => authority.kind === 'root' && authority.state === 'active')
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

/** An intermediate counts as long as its root does. */
function trustedIssuers(authorities: readonly Authority[]): Map<string, TrustedIssuer> {
  const byId = new Map(authorities.map((authority) => [authority.id, authority]))
  const trusted = new Map<string, TrustedIssuer>()
  for (const authority of authorities) {
    const root = byId.get(authority.issuer)
    if (authority.kind !== 'intermediate' || !isTrusted(authority) || root === undefined || !isTrusted(root)) continue
    const { name, publicKey } = readAuthorityCertificate(authority.certificate)
    trusted.set(authority.id, { publicKey, notAfter: authority.notAfter, subject: name })
  }
  return trusted
}

function activationPoint(authority: Authority): UnixSeconds {
  return authority.notBefore + (authority.notAfter - authority.notBefore) * ACTIVATE_AT
}

function planOf(authority: { readonly keyType: KeyType; readonly ttl: number }) {
  return { keyType: authority.keyType, ttlSeconds: authority.ttl }
}
