import type { Authorities } from '../ca/authorities.ts'
import { Federation } from '../ca/federation/federation.ts'
import { fetchForeignBundle } from '../ca/federation/fetch-foreign-bundle.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Store } from '../store/open-store.ts'
import type { ObservedFederation } from '../telemetry/instruments.ts'

interface Parts {
  readonly store: Store
  readonly authorities: Authorities
  readonly clock: Clock
  readonly log: Log
}

/** The foreign bundles as they are stored, and from now on as they are fetched. */
export async function openFederation(config: Config, { store, authorities, clock, log }: Parts): Promise<Federation> {
  const federation = await Federation.open({
    store,
    fetch: fetchForeignBundle,
    ownTrustDomains: [config.trustDomain, ...config.trustDomainAliases],
    ownRoots: () => authorities.current().roots,
    clock,
    log,
  })
  federation.start()
  return federation
}

/** What the metrics tell of each foreign trust domain. */
export function observeFederation(federation: Federation, clock: Clock): readonly ObservedFederation[] {
  return federation.list().map(({ trustDomain, state, fetchedAt }) => ({
    trustDomain,
    isOk: state === 'ok',
    ageSeconds: fetchedAt === null ? null : Math.max(0, (clock.now() - fetchedAt) / 1000),
  }))
}
