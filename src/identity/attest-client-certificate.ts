import { hash, type KeyObject, X509Certificate } from 'node:crypto'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { type ParsedCertificate, parseCertificate } from '../pki/parsed-certificate.ts'
import type { AttestedCaller } from './evidence.ts'
import type { SpiffeId } from './spiffe-id.ts'
import { parseWorkloadId } from './workload-id.ts'

/** The authorities of ours that may have signed a caller's certificate. */
export interface TrustedIssuers {
  /** Grows whenever the set changes. */
  readonly version: number
  /** By subject key identifier, lower-case hex; null for one that is not, or no longer, trusted. */
  find(authorityKeyId: string): TrustedIssuer | null
}

export interface TrustedIssuer {
  readonly publicKey: KeyObject
  readonly notAfter: UnixSeconds
  /** DER of its Name. */
  readonly subject: Buffer
}

/** The deny list: serials (32 hex digits), identities, and keys (hex SHA-256 of the SubjectPublicKeyInfo). */
export interface Denied {
  has(kind: 'serial' | 'identity' | 'key', value: string): boolean
}

export interface ClientCertificateOptions {
  readonly trustDomain: string
  readonly issuers: TrustedIssuers
  readonly denied: Denied
  readonly clock: Clock
}

/** A certificate whose signature and form were good; time and the deny list are asked at each use. */
interface Verified {
  readonly caller: AttestedCaller
  readonly certificate: ParsedCertificate
  readonly spkiSha256: string
  readonly issuersVersion: number
}

const SIGNS_CERTIFICATES_OR_CRLS = 0x06 // keyCertSign and cRLSign, RFC 5280 §4.2.1.3
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/**
 * Attests callers by the client certificate of their connection: any SVID of ours renews its own identity.
 * Adapters give the same buffer for each request of a connection, by which it is known again.
 */
export class ClientCertificateAttestation {
  readonly #options: ClientCertificateOptions
  readonly #verified = new WeakMap<Buffer, Verified>()

  constructor(options: ClientCertificateOptions) {
    this.#options = options
  }

  /** `auth.certificate_untrusted`, `auth.certificate_expired`, or `issue.denied` for one that was revoked (hostile 71, 72). */
  attest(der: Buffer): AttestedCaller {
    const known = this.#verified.get(der)
    const current = known?.issuersVersion === this.#options.issuers.version ? known : this.#verify(der)
    checkValidity(current.certificate, this.#options.clock.now() / 1000)
    this.#refuseDenied(current)
    return current.caller
  }

  #verify(der: Buffer): Verified {
    const { issuers, trustDomain } = this.#options
    const issuersVersion = issuers.version
    const certificate = parseCertificate(der, 'auth.certificate_untrusted')
    verifyIssuer(der, certificate, issuers)
    const identity = identityOf(certificate, trustDomain)
    const verified: Verified = {
      caller: { identity, attestor: 'client-certificate', subject: certificate.serial },
      certificate,
      spkiSha256: hash('sha256', certificate.spki, 'hex'),
      issuersVersion,
    }
    this.#verified.set(der, verified)
    return verified
  }

  #refuseDenied({ caller, certificate, spkiSha256 }: Verified): void {
    const { denied } = this.#options
    const isDenied =
      denied.has('serial', certificate.serial) ||
      denied.has('identity', caller.identity.uri) ||
      denied.has('key', spkiSha256)
    if (isDenied) throw new AppError('issue.denied', 'the client certificate, its key or its identity was revoked')
  }
}

/** Signed by an authority of ours that is trusted now; chains through a retired one end here. */
function verifyIssuer(der: Buffer, certificate: ParsedCertificate, issuers: TrustedIssuers): void {
  const { authorityKeyId } = certificate
  const issuer = authorityKeyId === null ? null : issuers.find(authorityKeyId)
  if (issuer === null || !issuer.subject.equals(certificate.issuer)) {
    throw untrusted('no authority of this service has signed it')
  }
  if (certificate.notAfter > issuer.notAfter) throw untrusted('it outlives its issuer')
  if (!isSignedBy(der, issuer.publicKey)) throw untrusted('its signature is invalid')
}

function isSignedBy(der: Buffer, publicKey: KeyObject): boolean {
  try {
    return new X509Certificate(der).verify(publicKey)
  } catch (cause) {
    throw untrusted('OpenSSL cannot read it', cause)
  }
}

/** The identity of a leaf, after the checks of one (SPIFFE ). */
export function identityOf(certificate: ParsedCertificate, trustDomain: string): SpiffeId {
  const { isCa, keyUsage, extendedKeyUsage, uris } = certificate
  if (isCa || (keyUsage & SIGNS_CERTIFICATES_OR_CRLS) !== 0) throw untrusted('it is that of an authority')
  if (!extendedKeyUsage.includes(CLIENT_AUTH)) throw untrusted('it is not for client authentication')
  const [uri, ...more] = uris
  if (uri === undefined || more.length > 0) throw untrusted('it has not exactly one URI name')
  return parseWorkloadId(uri, trustDomain, 'auth.certificate_untrusted')
}

/** Refuses one that is not valid at `now`; both ends belong to the validity (RFC 5280 §4.1.2.5). */
export function checkValidity({ notBefore, notAfter }: ParsedCertificate, now: UnixSeconds): void {
  if (now < notBefore) throw untrusted('it is not valid yet: check the clocks')
  if (now >= notAfter + 1) {
    const ago = Math.floor(now - notAfter)
    throw new AppError('auth.certificate_expired', `the client certificate expired ${ago} s ago: attest by other means`)
  }
}

/** The refusal of a client certificate, with what is wrong with it. */
export function untrusted(problem: string, cause?: unknown): AppError {
  return new AppError('auth.certificate_untrusted', `the client certificate is not trusted: ${problem}`, { cause })
}
