import type { Authorities } from '../ca/authorities.ts'
import type { Authority } from '../ca/authority.ts'
import { createJwtAuthority } from '../ca/jwt/create-jwt-authority.ts'
import type { KeyProvider } from '../ca/key-provider.ts'
import type { Restoration } from '../ca/restoration.ts'
import { BundleReports } from '../ca/rotation/bundle-reports.ts'
import { Changes } from '../ca/rotation/changes.ts'
import type { Wanted } from '../ca/rotation/create-successor.ts'
import { type LiveCertificates, UNKNOWN_SIGNER } from '../ca/rotation/measures.ts'
import { NewKeys } from '../ca/rotation/new-keys.ts'
import type { RotationPlan } from '../ca/rotation/next-step.ts'
import { RotationLoop } from '../ca/rotation/rotation-loop.ts'
import { Rotator } from '../ca/rotation/rotator.ts'
import { active, prepared } from '../ca/rotation/slots.ts'
import { Upkeep } from '../ca/rotation/upkeep.ts'
import type { ServingCertificate } from '../ca/serving/serving-certificate.ts'
import { hasChainOf } from '../ca/serving/serving-pair.ts'
import type { Config } from '../config/config.ts'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import type { ClockWatch } from '../kernel/clock-watch.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { Store } from '../store/open-store.ts'

/** What moves the authorities. */
export interface OpenedRotation {
  readonly rotator: Rotator
  /** Moves them by itself. */
  readonly loop: RotationLoop
  /** Who is known to use which bundle. */
  readonly reports: BundleReports
  /** Until the function that it gives is called, no key is destroyed: a backup holds those of all authorities in it. */
  holdKeys(): () => void
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

/** Starts to look after the authorities; the service's own certificate follows the one that signs. */
export async function openRotation(config: Config, parts: Parts): Promise<OpenedRotation> {
  const { authorities, store, log } = parts
  const { loop, upkeep, rotator } = buildRotation(config, parts)
  const isNeeded = () => prepared(authorities.view(), 'root') !== undefined
  const reports = new BundleReports({ record: store, log, isNeeded })
  const stopFollowing = authorities.onChange(() => void renewServing(parts))
  await loop.start()
  return {
    rotator,
    loop,
    reports,
    holdKeys: () => upkeep.hold(),
    async close() {
      loop.close()
      stopFollowing()
      await reports.flush()
    },
  }
}

/** Commands, the loop and what follows both take turns at the same authorities. */
function buildRotation(config: Config, parts: Parts) {
  const { authorities, clock, log, random, clockWatch } = parts
  const keys = new NewKeys(parts.keys, log)
  const changes = new Changes({ authorities, keys, clock, log })
  const doubtedUntil = () => clockWatch.doubtedUntil
  const { jwt } = config.authority
  const deps = {
    ...{ authorities, keys, changes, random, clock, log, doubtedUntil },
    uptake: parts.store,
    plan: planOf(config),
    uncounted: (now: UnixSeconds) => [
      ...ownCertificate(parts),
      ...unrecorded(parts.restoration, config.issuance.maxTtl, now),
    ],
    async createJwt({ now, keyType = jwt.keyType }: Wanted): Promise<Authority> {
      const plan = { trustDomain: config.trustDomain, keyType, ttlSeconds: jwt.ttl, now, state: 'prepared' } as const
      return (await createJwtAuthority({ keys, random }, plan)).authority
    },
  }
  const retention = { retainSeconds: config.store.retention.issued, skewSeconds: config.authority.skew }
  const upkeep = new Upkeep({ authorities, changes, keys, clock, log, doubtedUntil, plan: retention })
  return { rotator: new Rotator(deps), loop: new RotationLoop({ ...deps, upkeep }), upkeep }
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

/** What the plan of rotation is taken from. */
export function planOf({ authority, listen }: Config): RotationPlan {
  return {
    prepareAt: authority.prepareAt,
    activateAt: authority.activateAt,
    automatic: authority.root.automatic ? ['root', 'intermediate', 'jwt'] : ['intermediate', 'jwt'],
    crossSign: authority.root.crossSign,
    skewSeconds: authority.skew,
    // Nobody measures who reads JWT keys, or fetches the bundle for another trust domain.
    publishSeconds: { root: listen.bundle === null ? 0 : authority.publishAtLeast, jwt: authority.publishAtLeast },
    jwtTtlSeconds: authority.jwt.svidTtl,
  }
}

async function renewServing({ serving, authorities, log }: Parts): Promise<void> {
  const signer = active(authorities.view(), 'intermediate')
  if (signer === undefined || hasChainOf(signer, serving.current().cert, authorities)) return
  try {
    await serving.renew()
  } catch (error) {
    log.error('serving_certificate.renewal_failed', { error, notAfter: serving.notAfter })
  }
}
