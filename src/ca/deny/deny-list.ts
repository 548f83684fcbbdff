import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { CrlReason } from '../../pki/crl.ts'

export type DenyKind = 'serial' | 'identity' | 'key'

/** What is denied: a serial (32 hex digits), an identity (SPIFFE ID) or a public key (SPKI SHA-256, hex). */
export interface DenyTarget {
  readonly kind: DenyKind
  readonly value: string
}

export interface DenyEntry extends DenyTarget {
  readonly reason: string
  /** What CRLs say of the certificates that are revoked with it. */
  readonly reasonCode: CrlReason
  readonly at: UnixMillis
  readonly actor: string
  /** When the certificate of a serial expires, after which nobody needs the entry; null: it stays until it is removed. */
  readonly notAfter: UnixSeconds | null
}

/** Who changes the deny list, and when. */
export interface DenyChange extends DenyTarget {
  readonly actor: string
  readonly at: UnixMillis
}

export interface DenyStore {
  loadDenied(): Promise<readonly DenyEntry[]>
  /** Newest first. */
  listDenied(page: PageRequest): Promise<Page<DenyEntry>>
  /** Those whose certificates have not all been revoked yet. */
  loadUnsettled(): Promise<readonly DenyEntry[]>
  /**
   * Adds the entry and its admin record in one transaction and gives it back; where there is one already, nothing
   * changes and that one is given. `limit.size` when the list is full.
   */
  addDenied(entry: DenyEntry): Promise<DenyEntry>
  /** Says that the certificates of an entry are revoked, with an admin record of how many it were. */
  settleDenied(change: DenyChange & { readonly certificates: number }): Promise<void>
  /** False when there is no such entry; otherwise with an admin record in one transaction. */
  removeDenied(change: DenyChange): Promise<boolean>
}

/** The deny list in memory, asked before every issuance. */
export class DenyList {
  readonly #store: DenyStore
  /** With the end of each entry. */
  readonly #values: Readonly<Record<DenyKind, Map<string, UnixSeconds | null>>> = {
    serial: new Map(),
    identity: new Map(),
    key: new Map(),
  }

  private constructor(store: DenyStore) {
    this.#store = store
  }

  static async open(store: DenyStore): Promise<DenyList> {
    const list = new DenyList(store)
    for (const { kind, value, notAfter } of await store.loadDenied()) list.#values[kind].set(value, notAfter)
    return list
  }

  has(kind: DenyKind, value: string): boolean {
    return this.#values[kind].has(value)
  }

  /** Stored first, then in force; gives the entry that is. */
  async add(entry: DenyEntry): Promise<DenyEntry> {
    const stored = await this.#store.addDenied(entry)
    const { serial: serials } = this.#values
    for (const [serial, notAfter] of serials) if (isOver(notAfter, entry.at)) serials.delete(serial)
    this.#values[stored.kind].set(stored.value, stored.notAfter)
    return stored
  }

  /** False when there is no such entry. */
  async remove(change: DenyChange): Promise<boolean> {
    const isRemoved = await this.#store.removeDenied(change)
    if (isRemoved) this.#values[change.kind].delete(change.value)
    return isRemoved
  }
}

/** How long after its end a revoked serial is remembered: the life of a CRL, so that one past its end still has it. */
export const REMEMBERED_SECONDS = 86_400

/** Whether an entry with this end can be forgotten. */
export function isOver(notAfter: UnixSeconds | null, now: UnixMillis): boolean {
  return notAfter !== null && notAfter + REMEMBERED_SECONDS < now / 1000
}
