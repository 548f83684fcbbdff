import { createHash, X509Certificate } from 'node:crypto'
import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { CrlEntry } from '../pki/crl.ts'
import { toPem } from '../pki/pem.ts'
import type { Authority, AuthorityKind } from './authority.ts'
import { isTrusted } from './build-bundle.ts'
import { isOver } from './deny-list.ts'
import type { Revocations } from './revocations.ts'

/** The last CRL of an authority. */
export interface Crl {
  /** Id of the authority that signed it. */
  readonly authority: string
  /** CRL number (RFC 5280 §5.2.3). */
  readonly number: number
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly entries: number
  /** What it knew of: differs from that of `crlContents` when something was revoked since. */
  readonly mark: number
  readonly der: Buffer
}

export interface CrlStore {
  loadCrls(): Promise<readonly Crl[]>
  /** Puts it in place of the last one of its authority, and forgets those of authorities that have expired at `now`. */
  saveCrl(crl: Crl, now: UnixMillis): Promise<void>
}

/** What one authority publishes. */
export interface CrlState {
  readonly authority: string
  readonly kind: AuthorityKind
  /** Null when there never was one. */
  readonly crl: Crl | null
  /** What is wrong with it, for people; null: nothing. */
  readonly warning: string | null
}

/** The CRLs of all trusted authorities; a new object with each change. */
export interface CrlSet {
  readonly states: readonly CrlState[]
  /** All of them, one PEM block after the other. */
  readonly pem: string
  /** Strong ETag of the PEM, quoted. */
  readonly etag: string
}

/** Puts together what is served. */
export function buildCrlSet(states: readonly CrlState[]): CrlSet {
  const pem = states.map(({ crl }) => (crl === null ? '' : toPem('X509 CRL', crl.der))).join('')
  const etag = `"${createHash('sha256').update(pem).digest('base64url').slice(0, 22)}"`
  return { states, pem, etag }
}

/** Those that have to have a CRL: they sign certificates, and are believed or may be before long. */
export function crlIssuers(authorities: readonly Authority[], now: UnixMillis): readonly Authority[] {
  const byId = new Map(authorities.map((authority) => [authority.id, authority]))
  return authorities.filter((authority) => {
    const issuer = byId.get(authority.issuer)
    const isBelieved = isTrusted(authority) && (issuer === undefined || isTrusted(issuer))
    return authority.kind !== 'jwt' && isBelieved && now / 1000 < authority.notAfter
  })
}

/** What stands in an authority's CRL: revoked leaves, and revoked authorities that it signed. */
export function crlContents(
  authority: Authority,
  known: {
    readonly authorities: readonly Authority[]
    readonly revocations: Revocations
    readonly now: UnixMillis
  },
): { readonly mark: number; readonly entries: readonly CrlEntry[] } {
  const leaves = known.revocations.under(authority.id)
  const revoked = known.authorities.filter((one) => one.issuer === authority.id && isRevokedBelow(one))
  const live = [...leaves, ...revoked.map(toEntry)].filter(({ notAfter }) => !isOver(notAfter, known.now))
  return { mark: revoked.length + (leaves.at(-1)?.number ?? 0), entries: live }
}

function isRevokedBelow({ id, issuer, kind, state }: Authority): boolean {
  return id !== issuer && kind !== 'jwt' && state === 'revoked'
}

function toEntry({ certificate, changedAt, notAfter }: Authority): CrlEntry & { readonly notAfter: UnixSeconds } {
  const serial = new X509Certificate(certificate).serialNumber
  return { serial, revokedAt: Math.floor(changedAt / 1000), reason: 'cACompromise', notAfter }
}
