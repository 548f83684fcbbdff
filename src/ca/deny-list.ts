import type { UnixMillis } from '../kernel/clock.ts'

export type DenyKind = 'serial' | 'identity' | 'key'

/** One denied thing: a serial (32 hex digits), an identity (SPIFFE ID) or a public key (SPKI SHA-256, hex). */
export interface DenyEntry {
  readonly kind: DenyKind
  readonly value: string
  readonly reason: string
  readonly at: UnixMillis
  readonly actor: string
}

export interface DenyStore {
  loadDenied(): Promise<readonly DenyEntry[]>
  /** Adds the entry and its admin record in one transaction; adding it again changes nothing. */
  addDenied(entry: DenyEntry): Promise<void>
}

/** The deny list in memory, asked before every issuance. */
export class DenyList {
  readonly #store: DenyStore
  readonly #sets: Readonly<Record<DenyKind, Set<string>>> = { serial: new Set(), identity: new Set(), key: new Set() }

  private constructor(store: DenyStore) {
    this.#store = store
  }

  static async open(store: DenyStore): Promise<DenyList> {
    const list = new DenyList(store)
    for (const entry of await store.loadDenied()) list.#sets[entry.kind].add(entry.value)
    return list
  }

  has(kind: DenyKind, value: string): boolean {
    return this.#sets[kind].has(value)
  }

  /** Stored first, then in force. */
  async add(entry: DenyEntry): Promise<void> {
    await this.#store.addDenied(entry)
    this.#sets[entry.kind].add(entry.value)
  }
}
