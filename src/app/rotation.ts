import type { Authorities } from '../ca/authorities.ts'
import type { Authority } from '../ca/authority.ts'
import { createJwtAuthority } from '../ca/jwt/create-jwt-authority.ts'
import type { KeyProvider } from '../ca/key-provider.ts'
import type { Restoration } from '../ca/restoration.ts'
import { BundleReports } from '../ca/rotation/bundle-reports.ts'
import { type LiveCertificates, UNKNOWN_SIGNER } from '../ca/rotation/measures.ts'
import { NewKeys } from '../ca/rotation/new-keys.ts'
import type { RotationPlan } from '../ca/rotation/next-step.ts'
import { Rotator } from '../ca/rotation/rotator.ts'
import { prepared } from '../ca/rotation/slots.ts'
import type { ServingCertificate } from '../ca/serving-certificate.ts'
import type { Config } from '../config/config.ts'
import type { Clock, UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { ClockWatch } from '../kernel/clock-watch.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { Store } from '../store/open-store.ts'

/** What moves the authorities. */
export interface OpenedRotation {
  readonly rotator: Rotator
  /** Who is known to use which bundle. */
  readonly reports: BundleReports
  close(): Promise<void>
}

interface Parts {
  readonly authorities: Authorities
  readonly serving: ServingCertificate
  readonly keys: KeyProvider
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly random: RandomBytes
  readonly restoration: Restoration | null
  readonly clockWatch: ClockWatch
}

/** How long a JWT key is published before it signs: longer than key sets are cached. */
const JWT_PUBLISH_SECONDS = 300

/** Starts to look after the authorities; the service's own certificate follows the one that signs. */
export async function openRotation(config: Config, parts: Parts): Promise<OpenedRotation> {
  const { authorities, store, log, clock, random } = parts
  const keys = new NewKeys(parts.keys, log)
  const { jwt } = config.authority
  const rotator = new Rotator({
    authorities,
    keys,
    random,
    clock,
    log,
    uptake: store,
    plan: planOf(config),
    uncounted: (now) => [
      ...ownCertificate(parts),
      ...unrecorded(parts.restoration, config.issuance.maxTtl, now),
      ...unexpired(parts.clockWatch.doubtedUntil),
    ],
    async createJwt({ now, keyType = jwt.keyType }): Promise<Authority> {
      const plan = { trustDomain: config.trustDomain, keyType, ttlSeconds: jwt.ttl, now, state: 'prepared' } as const
      return (await createJwtAuthority({ keys, random }, plan)).authority
    },
  })
  const isNeeded = () => prepared(authorities.view(), 'root') !== undefined
  const reports = new BundleReports({ record: store, log, isNeeded })
  const stopFollowing = authorities.onChange(() => void renewServing(parts))
  await rotator.start()
  return {
    rotator,
    reports,
    async close() {
      rotator.close()
      stopFollowing()
      await reports.flush()
    },
  }
}

/** The one pair that the service shows now; whoever serves it has the bundle of now. */
function ownCertificate({ serving, authorities }: Parts): readonly LiveCertificates[] {
  const { cert } = serving.current()
  const signer = authorities
    .list()
    .find(({ kind, certificate }) => kind === 'intermediate' && cert.includes(certificate))
  if (signer === undefined) return []
  const sequence = Number.MAX_SAFE_INTEGER // of a bundle that is yet to come too
  return [{ signer: signer.id, sequence, certificates: 1, latestExpiry: serving.notAfter }]
}

/** After a restore from a backup without the record since: something may be out there until the longest life is over. */
function unrecorded(restoration: Restoration | null, maxTtl: number, now: UnixSeconds): readonly LiveCertificates[] {
  if (restoration === null || restoration.isComplete) return []
  const latestExpiry = Math.ceil(restoration.at / 1000) + maxTtl
  return now < latestExpiry ? [{ signer: UNKNOWN_SIGNER, sequence: 0, certificates: 1, latestExpiry }] : []
}

/** While the clock is doubted: what has expired by it may live on, so no gate opens for that. */
function unexpired(doubtedUntil: UnixMillis | null): readonly LiveCertificates[] {
  if (doubtedUntil === null) return []
  return [{ signer: UNKNOWN_SIGNER, sequence: 0, certificates: 1, latestExpiry: Math.ceil(doubtedUntil / 1000) }]
}

/** What the plan of rotation is taken from. */
export function planOf({ authority }: Config): RotationPlan {
  return {
    prepareAt: authority.prepareAt,
    activateAt: authority.activateAt,
    automatic: authority.root.automatic ? ['root', 'intermediate', 'jwt'] : ['intermediate', 'jwt'],
    crossSign: authority.root.crossSign,
    skewSeconds: authority.skew,
    jwtPublishSeconds: JWT_PUBLISH_SECONDS,
    jwtTtlSeconds: authority.jwt.svidTtl,
  }
}

async function renewServing({ serving, authorities, log }: Parts): Promise<void> {
  const active = authorities.list().find(({ kind, state }) => kind === 'intermediate' && state === 'active')
  if (active === undefined || serving.current().cert.includes(active.certificate)) return
  try {
    await serving.renew()
  } catch (error) {
    log.error('serving_certificate.renewal_failed', { error, notAfter: serving.notAfter })
  }
}
