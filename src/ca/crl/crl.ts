import { hash, X509Certificate } from 'node:crypto'
import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import { shortDigest } from '../../kernel/short-digest.ts'
import type { CrlEntry } from '../../pki/crl.ts'
import { toPem } from '../../pki/pem.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import { isCrossedBy } from '../cross-chain.ts'
import { isOver } from '../deny/deny-list.ts'
import type { Revocations } from '../deny/revocations.ts'

/** A CRL that is handed out, signed here or elsewhere. */
export interface ServedCrl {
  /** CRL number (RFC 5280 §5.2.3); null where somebody else's has none. */
  readonly number: number | null
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly entries: number
  readonly der: Buffer
}

/** The last CRL of an authority of ours. */
export interface Crl extends ServedCrl {
  /** Id of the authority that signed it. */
  readonly authority: string
  readonly number: number
  /** What it knew of: differs from that of `crlContents` when something was revoked since. */
  readonly mark: number
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
  readonly crl: ServedCrl | null
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
  return { states, pem, etag: `"${shortDigest(pem)}"` }
}

/** What stands in an authority's CRL: revoked leaves, revoked authorities that it signed, and newer roots that are gone. */
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
  const crossed = known.authorities.filter((one) => !isTrusted(one) && isCrossedBy(one, authority))
  const entries = [...leaves, ...revoked.map(toEntry), ...crossed.map((one) => toCrossEntry(one, authority))]
  const live = entries.filter(({ notAfter }) => !isOver(notAfter, known.now))
  return { mark: toMark([leaves.at(-1)?.number ?? 0, ...[...revoked, ...crossed].map(({ id }) => id)]), entries: live }
}

/** 48 bits of a digest, as a whole number: an authority that is forgotten never makes up for one that was revoked. */
function toMark(known: readonly (number | string)[]): number {
  return hash('sha256', JSON.stringify(known), 'buffer').readUIntBE(0, 6)
}

/** Where others stand between, it is the nearest of those that has signed it. */
function isRevokedBelow({ id, issuer, kind, state, chain }: Authority): boolean {
  return id !== issuer && kind !== 'jwt' && state === 'revoked' && chain.length === 0
}

type Entry = CrlEntry & { readonly notAfter: UnixSeconds }

/** Of a root that is not believed any more, the certificate that an older one has given it. */
function toCrossEntry(one: Authority, by: Authority): Entry {
  const [certificate = ''] = one.chain
  const reason = one.state === 'revoked' ? 'cACompromise' : 'cessationOfOperation'
  return { ...toEntry({ ...one, certificate }), reason, notAfter: Math.min(one.notAfter, by.notAfter) }
}

function toEntry({ certificate, changedAt, notAfter }: Authority): Entry {
  const serial = new X509Certificate(certificate).serialNumber
  return { serial, revokedAt: Math.floor(changedAt / 1000), reason: 'cACompromise', notAfter }
}
