import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { CrlReason } from '../../pki/crl.ts'
import type { DenyEntry, DenyKind, DenyList, DenyStore, DenyTarget } from './deny-list.ts'
import type { IssuedCertificate } from './find-live.ts'
import { type RevokeDeps, revokeLive } from './revoke-live.ts'

export interface DenyDeps extends RevokeDeps {
  readonly list: DenyList
  readonly store: Pick<DenyStore, 'listDenied' | 'loadUnsettled' | 'settleDenied'>
  /** Puts new CRLs in force. */
  readonly refreshCrls: (reason: string) => Promise<void>
  readonly own: OwnNames
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
    const certificates = await revokeLive(entry, this.#deps) // 2 nothing old: issuing asks the list again before it answers
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
    for (const entry of unsettled) await revokeLive(entry, this.#deps)
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
}
