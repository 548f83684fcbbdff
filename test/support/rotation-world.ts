import { randomBytes } from 'node:crypto'
import { Authorities } from '../../src/ca/authorities.ts'
import type { Authority } from '../../src/ca/authority.ts'
import { createJwtAuthority } from '../../src/ca/jwt/create-jwt-authority.ts'
import type { KeyProvider } from '../../src/ca/key-provider.ts'
import type { Intent, IssuanceRecord } from '../../src/ca/record.ts'
import { BundleReports } from '../../src/ca/rotation/bundle-reports.ts'
import { Changes } from '../../src/ca/rotation/changes.ts'
import type { Wanted } from '../../src/ca/rotation/create-successor.ts'
import type { LiveCertificates } from '../../src/ca/rotation/measures.ts'
import { NewKeys } from '../../src/ca/rotation/new-keys.ts'
import type { RotationPlan } from '../../src/ca/rotation/next-step.ts'
import { RotationLoop } from '../../src/ca/rotation/rotation-loop.ts'
import { Rotator } from '../../src/ca/rotation/rotator.ts'
import { Upkeep } from '../../src/ca/rotation/upkeep.ts'
import type { BundleReport, UptakeRecord } from '../../src/ca/rotation/uptake.ts'
import type { Clock, UnixSeconds } from '../../src/kernel/clock.ts'
import { type Log, silentLog } from '../../src/kernel/log.ts'
import { memoryKeys } from './authority.ts'
import { FakeAuthorityStore } from './fakes.ts'

/** 2026-11-21T00:00:00Z. */
export const NOW = Date.UTC(2026, 10, 21)
export const DAY = 86_400

/** A wall clock that can be set, back too, and a monotonic one that cannot. */
export class WallClock implements Clock {
  #now = NOW
  #monotonic = 0

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  move(milliseconds: number): void {
    this.#now += milliseconds
    this.#monotonic += Math.abs(milliseconds)
  }
}

/** What was issued, and who said which bundle they use. */
export class FakeUptake implements UptakeRecord, IssuanceRecord {
  readonly intents: Intent[] = []
  readonly reports = new Map<string, number>()
  readonly depth = 0
  counts = 0

  async recordIntent(intent: Intent): Promise<number> {
    return this.intents.push(intent) - 1
  }

  recordResult(): void {}

  async countLive(after: UnixSeconds): Promise<readonly LiveCertificates[]> {
    this.counts++
    const live = this.intents.filter(({ notAfter }) => notAfter > after)
    return live.map((intent) => ({
      signer: intent.authority,
      sequence: Math.max(intent.bundleSequence, this.reports.get(intent.serial.toString('hex')) ?? 0),
      certificates: 1,
      latestExpiry: intent.notAfter,
    }))
  }

  async reportBundles(reports: readonly BundleReport[]): Promise<void> {
    for (const { serial, sequence } of reports) {
      this.reports.set(serial, Math.max(sequence, this.reports.get(serial) ?? 0))
    }
  }
}

export interface WorldOptions {
  readonly rootTtl: number
  readonly intermediateTtl: number
  readonly jwtTtl: number
  readonly automatic: RotationPlan['automatic']
  readonly crossSign: boolean
  readonly rootPublishSeconds: number
  /** Until when the clock is doubted; null: it is believed. */
  readonly doubtedUntil: () => number | null
}

const DEFAULTS: WorldOptions = {
  rootTtl: 10 * DAY,
  intermediateTtl: 2 * DAY,
  jwtTtl: 2 * DAY,
  automatic: ['intermediate', 'jwt'],
  crossSign: false,
  rootPublishSeconds: 0,
  doubtedUntil: () => null,
}

export const SKEW = 60
/** Authorities that have gone are forgotten so long after their end. */
export const RETENTION = DAY

/** What a crash leaves: the store, the record and the keys. */
export interface RotationWorld {
  readonly store: FakeAuthorityStore
  readonly uptake: FakeUptake
  readonly keys: KeyProvider
  readonly clock: WallClock
  readonly plan: RotationPlan
  readonly log: Log
  readonly options: WorldOptions
}

export function newRotationWorld(change: Partial<WorldOptions> = {}, log: Log = silentLog): RotationWorld {
  const options = { ...DEFAULTS, ...change }
  const plan: RotationPlan = {
    prepareAt: 0.5,
    activateAt: 0.83,
    automatic: options.automatic,
    publishSeconds: { root: options.rootPublishSeconds, jwt: 300 },
    jwtTtlSeconds: 300,
    crossSign: options.crossSign,
    skewSeconds: SKEW,
  }
  const store = new FakeAuthorityStore()
  return { store, uptake: new FakeUptake(), keys: memoryKeys(), clock: new WallClock(), plan, log, options }
}

/** The service between two crashes. */
export interface RunningWorld {
  readonly authorities: Authorities
  readonly rotator: Rotator
  readonly loop: RotationLoop
  readonly upkeep: Upkeep
  readonly reports: BundleReports
}

const random = (size: number) => randomBytes(size)

/** Starts from what is stored; `onChange` hears of every state that comes into force, the first one too. */
export async function startWorld(
  { store, uptake, keys, clock, plan, log, options }: RotationWorld,
  onChange: (authorities: readonly Authority[]) => void = () => {},
): Promise<RunningWorld> {
  const trustDomain = 'cluster.local'
  const authorities = await Authorities.open(
    { store, keys, clock, random, log, publish: async (all) => onChange(all) },
    {
      trustDomain,
      root: { keyType: 'ec-p256', ttl: options.rootTtl },
      intermediate: { keyType: 'ec-p256', ttl: options.intermediateTtl },
    },
  )
  const newKeys = new NewKeys(keys, log)
  const changes = new Changes({ authorities, keys: newKeys, clock, log })
  const { doubtedUntil } = options
  const deps = {
    ...{ authorities, uptake, keys: newKeys, changes, clock, random, log, plan, doubtedUntil },
    uncounted: () => [],
    async createJwt({ now, keyType = 'ec-p256' }: Wanted) {
      const jwt = { trustDomain, keyType, ttlSeconds: options.jwtTtl, now, state: 'prepared' as const }
      return (await createJwtAuthority({ keys: newKeys, random }, jwt)).authority
    },
  }
  const upkeep = new Upkeep({ ...deps, plan: { retainSeconds: RETENTION, skewSeconds: SKEW } })
  const [rotator, loop] = [new Rotator(deps), new RotationLoop({ ...deps, upkeep })]
  const isNeeded = () => authorities.list().some(({ kind, state }) => kind === 'root' && state === 'prepared')
  return { authorities, rotator, loop, upkeep, reports: new BundleReports({ record: uptake, log, isNeeded }) }
}
