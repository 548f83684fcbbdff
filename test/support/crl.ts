import type { Crl, CrlStore } from '../../src/ca/crl/crl.ts'
import { CrlPublisher, type CrlPublisherDeps } from '../../src/ca/crl/crl-publisher.ts'
import type { RevocationBatch, RevocationStore, StoredRevocation } from '../../src/ca/deny/revocations.ts'
import { Revocations } from '../../src/ca/deny/revocations.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { type TestAuthorities, testAuthorities } from './authority.ts'
import { FakeClock } from './fakes.ts'

/** Revocations and CRLs in memory; the store's own tests cover the database. */
export class FakeCrlStore implements CrlStore, RevocationStore {
  readonly crls = new Map<string, Crl>()
  readonly revoked: StoredRevocation[] = []
  /** How many revocations there is room for. */
  room = Number.POSITIVE_INFINITY

  async loadCrls(): Promise<readonly Crl[]> {
    return [...this.crls.values()]
  }

  async saveCrl(crl: Crl): Promise<void> {
    const last = this.crls.get(crl.authority)
    if (last !== undefined && crl.number <= last.number) throw new TypeError('the number does not ascend')
    this.crls.set(crl.authority, crl)
  }

  async loadRevoked(): Promise<readonly StoredRevocation[]> {
    return this.revoked
  }

  async revoke({ revocations }: RevocationBatch) {
    const known = new Set(this.revoked.map(({ serial }) => serial))
    const fresh = revocations.filter(({ serial }) => !known.has(serial))
    const added = fresh.slice(0, this.room).map((one, i) => ({ ...one, number: this.revoked.length + i + 1 }))
    this.revoked.push(...added)
    this.room -= added.length
    return { added, left: fresh.length - added.length }
  }
}

/** A publisher with a root and an intermediate. */
export interface CrlWorld {
  readonly publisher: CrlPublisher
  readonly deps: CrlPublisherDeps
  readonly store: FakeCrlStore
  readonly revocations: Revocations
  readonly clock: FakeClock
  readonly authorities: TestAuthorities
  /** PEM of each set that was published. */
  readonly published: string[]
}

/** At `now`, Unix milliseconds; `change` replaces some of what the publisher is given. */
export async function newCrlWorld(now: number, change: Partial<CrlPublisherDeps> = {}): Promise<CrlWorld> {
  const authorities = await testAuthorities('ec-p256', now)
  const { root, intermediate } = authorities
  const store = new FakeCrlStore()
  const revocations = await Revocations.open(store)
  const clock = new FakeClock(now)
  const published: string[] = []
  const signers = new Map([root, intermediate].map(({ authority, signer }) => [authority.id, signer]))
  const deps: CrlPublisherDeps = {
    authorities: () => [root.authority, intermediate.authority],
    signerOf: async (id) => signers.get(id) ?? null,
    revocations,
    store,
    publish: async ({ pem }) => void published.push(pem),
    clock,
    log: silentLog,
    ...change,
  }
  return { publisher: await CrlPublisher.open(deps), deps, store, revocations, clock, authorities, published }
}
