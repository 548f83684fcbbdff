import type { Authorities } from '../ca/authorities.ts'
import { CrlPublisher } from '../ca/crl/crl-publisher.ts'
import { Deny } from '../ca/deny/deny.ts'
import type { DenyList } from '../ca/deny/deny-list.ts'
import type { Revocations } from '../ca/deny/revocations.ts'
import type { KeyProvider } from '../ca/key-provider.ts'
import type { ServingCertificate } from '../ca/serving/serving-certificate.ts'
import type { Config } from '../config/config.ts'
import type { Denied } from '../identity/attest-client-certificate.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Signer } from '../pki/signer.ts'
import type { Store } from '../store/open-store.ts'
import type { ObservedCrl } from '../telemetry/crl-gauges.ts'
import { type DataDirectory, publishCrls } from './data-directory.ts'
import { servingNames } from './serving-names.ts'

/** What takes certificates away from those who have them. */
export interface OpenedCrls {
  readonly publisher: CrlPublisher
  readonly deny: Deny
  close(): Promise<void>
}

interface Parts {
  readonly authorities: Authorities
  readonly keys: KeyProvider
  readonly serving: ServingCertificate
  readonly directory: DataDirectory
  readonly denyList: DenyList
  readonly revocations: Revocations
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

const TICK_MS = 600_000

/** What the metrics tell of each CRL. */
export function observeCrls({ publisher }: OpenedCrls): readonly ObservedCrl[] {
  return publisher.current().states.map(({ authority, kind, crl, warning }) => {
    return { authority, kind, nextUpdate: crl?.nextUpdate ?? null, isOk: warning === null }
  })
}

/** What attestation asks: the deny list, and every certificate that was revoked with one of its entries. */
export function toDenied(denyList: DenyList, revocations: Revocations): Denied {
  return { has: (kind, value) => denyList.has(kind, value) || (kind === 'serial' && revocations.has(value)) }
}

/** Publishes the CRLs and keeps them current until `close`; denials that were interrupted are finished behind it. */
export async function openCrls(config: Config, parts: Parts): Promise<OpenedCrls> {
  const { authorities, directory, denyList, revocations, store, serving, clock, log } = parts
  const publisher = await CrlPublisher.open({
    authorities: () => authorities.list(),
    signerOf: (id) => signerOf(parts, id),
    revocations,
    store,
    publish: ({ pem }) => publishCrls(directory, pem),
    clock,
    log,
  })
  const deny = new Deny({
    list: denyList,
    revocations,
    store,
    record: store,
    authorities: () => authorities.list(),
    refreshCrls: (reason) => publisher.refresh(reason),
    own: {
      identity: servingNames(config).uri,
      trustDomain: config.trustDomain,
      aliases: config.trustDomainAliases,
    },
    renewOwn: () => serving.renew(),
    clock,
    log,
  })
  const stopFollowing = authorities.onChange(() => {
    publisher.refresh('authorities').catch((error: unknown) => log.error('crl.not_refreshed', { error }))
  })
  let running = lookAfter(publisher, deny, log)
  const timer = setInterval(() => {
    running = running.then(() => lookAfter(publisher, deny, log))
  }, TICK_MS)
  timer.unref()
  return {
    publisher,
    deny,
    async close() {
      clearInterval(timer)
      stopFollowing()
      await running
    },
  }
}

async function signerOf({ authorities, keys }: Parts, id: string): Promise<Signer | null> {
  const authority = authorities.list().find((one) => one.id === id)
  if (authority === undefined || !(await keys.has(id))) return null
  return authorities.signerOf(authority)
}

async function lookAfter(publisher: CrlPublisher, deny: Deny, log: Log): Promise<void> {
  try {
    await deny.finish()
    await publisher.refresh('schedule')
  } catch (error) {
    log.error('crl.not_refreshed', { error })
  }
}
