import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { CrlReason } from '../../pki/crl.ts'
import { isOver } from './deny-list.ts'

/** A certificate that was revoked before its end. It stays so: RFC 5280 §5.3.1 lets only what is on hold come back. */
export interface Revocation {
  /** 32 lower-case hex digits. */
  readonly serial: string
  /** Id of the authority that signed it. */
  readonly authority: string
  readonly notAfter: UnixSeconds
  readonly revokedAt: UnixSeconds
  readonly reason: CrlReason
}

/** As stored: numbers ascend in the order of revoking. */
export interface StoredRevocation extends Revocation {
  readonly number: number
}

export interface RevocationStore {
  loadRevoked(): Promise<readonly StoredRevocation[]>
  /**
   * Stores those that are not stored yet, in one transaction, and forgets the ones that are over at `now`; gives what it
   * stored, and how many there was no room for.
   */
  revoke(batch: RevocationBatch): Promise<{ readonly added: readonly StoredRevocation[]; readonly left: number }>
}

export interface RevocationBatch {
  readonly revocations: readonly Revocation[]
  readonly now: UnixMillis
}

/** Revoked certificates in memory: asked at each use of a client certificate, and read by CRLs. */
export class Revocations {
  readonly #store: RevocationStore
  readonly #bySerial = new Map<string, StoredRevocation>()

  private constructor(store: RevocationStore) {
    this.#store = store
  }

  static async open(store: RevocationStore): Promise<Revocations> {
    const revocations = new Revocations(store)
    for (const one of await store.loadRevoked()) revocations.#bySerial.set(one.serial, one)
    return revocations
  }

  has(serial: string): boolean {
    return this.#bySerial.has(serial)
  }

  /** The revoked certificates that this authority signed, in the order of revoking. */
  under(authority: string): readonly StoredRevocation[] {
    return [...this.#bySerial.values()].filter((one) => one.authority === authority)
  }

  /** Stored first, then in force; gives how many there was no room for. */
  async add(batch: RevocationBatch): Promise<number> {
    const { added, left } = await this.#store.revoke(batch)
    for (const [serial, { notAfter }] of this.#bySerial) if (isOver(notAfter, batch.now)) this.#bySerial.delete(serial)
    for (const one of added) this.#bySerial.set(one.serial, one)
    return left
  }
}
