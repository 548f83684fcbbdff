import { hash } from 'node:crypto'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { type ParsedCertificate, parseCertificate } from '../pki/parsed-certificate.ts'
import { checkValidity, type Denied, identityOf, untrusted } from './attest-client-certificate.ts'
import type { AttestedCaller } from './evidence.ts'
import type { ForeignTrustEntry } from './options.ts'
import { chainBehind } from './presented-chain.ts'
import type { SpiffeId } from './spiffe-id.ts'

/** What the bundles of foreign trust domains vouch for. */
export interface ForeignTrust {
  /** Grows whenever a bundle changes. */
  readonly version: number
  /** Until when the bundle of that one trust domain vouches for the leaf (DER); null: it does not (F-20, W-14). */
  trustedUntil(trustDomain: string, leaf: Buffer, presented: () => readonly Buffer[]): UnixSeconds | null
}

export interface ForeignCertificateOptions {
  readonly entries: readonly ForeignTrustEntry[]
  readonly trust: ForeignTrust
  readonly denied: Denied
  readonly clock: Clock
}

interface Verified {
  readonly caller: AttestedCaller
  readonly certificate: ParsedCertificate
  readonly spkiSha256: string
  readonly until: UnixSeconds
  readonly version: number
}

/** Attests callers of foreign trust domains that the configuration names, each by the bundle of its own trust domain. */
export class ForeignCertificateAttestation {
  readonly #options: ForeignCertificateOptions
  readonly #entries: ReadonlyMap<string, readonly ForeignTrustEntry[]>
  readonly #verified = new WeakMap<Buffer, Verified>()

  constructor(options: ForeignCertificateOptions) {
    this.#options = options
    this.#entries = Map.groupBy(options.entries, ({ trustDomain }) => trustDomain)
  }

  /** Whether the leaf (DER) names an identity of a trust domain that the configuration names. */
  concerns(leaf: Buffer): boolean {
    if (this.#entries.size === 0) return false
    const { uris } = parseCertificate(leaf, 'auth.certificate_untrusted')
    return uris.some((uri) => this.#entries.has(trustDomainOf(uri)))
  }

  /** Whether this identity of a foreign trust domain is accepted at all; false for every other. */
  accepts({ uri, trustDomain }: SpiffeId): boolean {
    const fits = (pattern: string) => (pattern.endsWith('/*') ? uri.startsWith(pattern.slice(0, -1)) : uri === pattern)
    return this.#entries.get(trustDomain)?.some(({ identities }) => identities.some(fits)) ?? false
  }

  /** `auth.certificate_untrusted`, `auth.certificate_expired`, `auth.forbidden`, or `issue.denied`. */
  attest(leaf: Buffer): AttestedCaller {
    const { trust, clock, denied } = this.#options
    const now = clock.now() / 1000
    const known = this.#verified.get(leaf)
    const isCurrent = known !== undefined && known.version === trust.version && now <= known.until
    const { caller, certificate, spkiSha256 } = isCurrent ? known : this.#verify(leaf)
    checkValidity(certificate, now)
    if (denied.has('identity', caller.identity.uri) || denied.has('key', spkiSha256)) {
      throw new AppError('issue.denied', 'the client certificate, its key or its identity is on the deny list')
    }
    return caller
  }

  #verify(leaf: Buffer): Verified {
    const { trust } = this.#options
    const { version } = trust
    const certificate = parseCertificate(leaf, 'auth.certificate_untrusted')
    const [uri = ''] = certificate.uris
    const trustDomain = trustDomainOf(uri)
    if (!this.#entries.has(trustDomain)) throw untrusted('its trust domain is not one that is accepted here')
    const identity = identityOf(certificate, trustDomain)
    const until = trust.trustedUntil(trustDomain, leaf, () => chainBehind(leaf))
    if (until === null) throw untrusted(`the bundle of \`${trustDomain}\` does not vouch for it`)
    if (!this.accepts(identity)) {
      throw new AppError('auth.forbidden', `\`${uri}\` is not among the foreign identities that are accepted here`)
    }
    const verified: Verified = {
      caller: { identity, attestor: 'client-certificate', subject: certificate.serial },
      certificate,
      spkiSha256: hash('sha256', certificate.spki, 'hex'),
      until,
      version,
    }
    this.#verified.set(leaf, verified)
    return verified
  }
}

/** Of a URI that may be anything; the SPIFFE ID itself is parsed after it was found to be of interest. */
function trustDomainOf(uri: string): string {
  return uri.startsWith('spiffe://') ? (uri.split('/')[2] ?? '') : ''
}
