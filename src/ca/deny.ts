import { parseSpiffeId } from '../identity/spiffe-id.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { CrlReason } from '../pki/crl.ts'
import type { Authority } from './authority.ts'
import type { DenyEntry, DenyKind, DenyList, DenyStore, DenyTarget } from './deny-list.ts'
import { findLive, type IssuedCertificate, type KeySearch } from './find-live.ts'
import type { IssuanceQuery } from './record.ts'
import type { Revocations } from './revocations.ts'

export interface DenyDeps {
  readonly list: DenyList
  readonly revocations: Revocations
  readonly store: Pick<DenyStore, 'listDenied' | 'loadUnsettled' | 'settleDenied'>
  readonly record: IssuanceQuery & KeySearch
  readonly authorities: () => readonly Authority[]
  /** Puts new CRLs in force. */
  readonly refreshCrls: (reason: string) => Promise<void>
  readonly own: OwnNames
  /** Gives the service another certificate, after its own was revoked. */
  readonly renewOwn: () => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** The service's own identity, its trust domain and the names that count as equal to that. */
interface OwnNames {
  readonly identity: string
  readonly trustDomain: string
  readonly aliases: readonly string[]
}

/** What is to be denied and why. */
export interface DenyRequest extends DenyTarget {
  readonly reason: string
  /** What CRLs say; by the kind where it is absent. */
  readonly reasonCode?: CrlReason
  readonly actor: string
}

/** An entry that is in force, and how many certificates that had not expired were revoked with it. */
export interface Denial {
  readonly entry: DenyEntry
  readonly certificates: number
}

const REASON_CODE: Readonly<Record<DenyKind, CrlReason>> = {
  serial: 'unspecified',
  identity: 'privilegeWithdrawn',
  key: 'keyCompromise',
}

/**
 * Denies: from then on nothing is issued for it, and what was issued for it and is still valid is revoked for good.
 * Taking an entry back lets issuing go on; it brings no certificate back.
 */
export class Deny {
  readonly #deps: DenyDeps

  constructor(deps: DenyDeps) {
    this.#deps = deps
  }

  list(page: PageRequest): Promise<Page<DenyEntry>> {
    return this.#deps.store.listDenied(page)
  }

  /** Safe to call again, which finishes what was interrupted; `resource.not_found` for a serial that was never issued. */
  async add(request: DenyRequest): Promise<Denial> {
    const { reason, reasonCode = REASON_CODE[request.kind], actor } = request
    const { kind, value } = this.#canonical(request)
    this.#refuseOwnIdentity({ kind, value })
    const notAfter = kind === 'serial' ? (await this.#issued(value)).notAfter : null
    const at = this.#deps.clock.now()
    const entry = await this.#deps.list.add({ kind, value, reason, reasonCode, at, actor, notAfter }) // 1 nothing new
    const certificates = await this.#revokeLive(entry) // 2 nothing old: issuing asks the list again before it answers
    await this.#deps.refreshCrls(`deny.${kind}`) // 3 and everybody can know
    return { entry, certificates }
  }

  /** `resource.not_found` without such an entry; `resource.conflict` for a serial: what is revoked stays so. */
  async remove(named: DenyTarget, actor: string): Promise<void> {
    const target = this.#canonical(named)
    if (target.kind === 'serial' && this.#deps.list.has('serial', target.value)) {
      throw new AppError('resource.conflict', 'a revoked certificate stays revoked until it expires: issue another one')
    }
    const isRemoved = await this.#deps.list.remove({ ...target, actor, at: this.#deps.clock.now() })
    if (!isRemoved) throw new AppError('resource.not_found', 'the deny list has no such entry')
  }

  /** Revokes for the entries whose turn was interrupted, or had no room. */
  async finish(): Promise<void> {
    const unsettled = await this.#deps.store.loadUnsettled()
    for (const entry of unsettled) await this.#revokeLive(entry)
    if (unsettled.length > 0) await this.#deps.refreshCrls('deny.finish')
  }

  /** Identities are issued in the own trust domain, whichever of its names they are denied by. */
  #canonical({ kind, value }: DenyTarget): DenyTarget {
    if (kind !== 'identity') return { kind, value }
    const { trustDomain: named, path, uri } = parseSpiffeId(value, 'request.malformed')
    if (path === '')
      throw new AppError('request.malformed', `\`${uri}\` is a trust domain, not the identity of a workload`)
    const { trustDomain, aliases } = this.#deps.own
    return { kind, value: aliases.includes(named) ? `spiffe://${trustDomain}${path}` : uri }
  }

  async #issued(serial: string): Promise<IssuedCertificate> {
    const { items } = await this.#deps.record.listIssued({ serial, limit: 1 })
    const [row] = items
    if (row?.kind === 'jwt') {
      throw new AppError(
        'resource.conflict',
        'a JWT-SVID cannot be revoked, no verifier would ask: it ends by itself soon',
      )
    }
    if (row !== undefined) return row
    throw new AppError('resource.not_found', 'no certificate with this serial was issued here')
  }

  /** It is issued to the service by the service itself, whatever the list says. */
  #refuseOwnIdentity({ kind, value }: DenyTarget): void {
    if (kind !== 'identity' || value !== this.#deps.own.identity) return
    throw new AppError(
      'resource.conflict',
      'this is the identity of the service itself: revoke its certificate by serial, which gives it another one',
    )
  }

  async #revokeLive(entry: DenyEntry): Promise<number> {
    const { clock, log, own, record, store } = this.#deps
    const now = clock.now()
    const authorities = this.#deps.authorities()
    const jwtKeys = new Set(authorities.filter(({ kind }) => kind === 'jwt').map(({ id }) => id))
    const query = { now, since: oldestSigner(authorities, now) }
    let certificates = 0
    let left = 0
    let isOwnRevoked = false
    for await (const rows of findLive(record, entry, query)) {
      const found = rows.filter(({ authority }) => !jwtKeys.has(authority)) // the record has JWTs too, which no CRL can name
      certificates += found.length
      left += await this.#deps.revocations.add({ revocations: found.map((one) => toRevocation(one, entry)), now })
      isOwnRevoked ||= found.some(({ identity }) => identity === own.identity)
    }
    const { kind, value, actor } = entry
    if (left > 0) log.error('crl.full', { kind, value, left })
    else await store.settleDenied({ kind, value, actor, at: now, certificates })
    if (isOwnRevoked) await this.#deps.renewOwn()
    return certificates - left
  }
}

function toRevocation({ serial, authority, notAfter }: IssuedCertificate, { at, reasonCode }: DenyEntry) {
  return { serial, authority, notAfter, revokedAt: Math.floor(at / 1000), reason: reasonCode }
}

/** No workload's valid certificate is older than the oldest valid intermediate, as none outlives its issuer. */
function oldestSigner(authorities: readonly Authority[], now: number): number {
  const live = authorities.filter(({ kind, notAfter }) => kind === 'intermediate' && now / 1000 < notAfter)
  return Math.min(now, ...live.map(({ notBefore }) => notBefore * 1000))
}
