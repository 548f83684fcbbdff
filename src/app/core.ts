import type { Config } from '../config/config.ts'
import type { Clock, UnixMillis } from '../kernel/clock.ts'
import { openRandomPool } from '../kernel/random.ts'
import { openRequestIds } from '../kernel/request-id.ts'
import { openLog } from '../telemetry/log.ts'
import { openMetrics } from '../telemetry/metrics.ts'
import { openBackups } from './backup.ts'
import type { Base } from './base.ts'
import { Closers } from './closers.ts'
import { type OpenedDecisions, openDecisions } from './decisions.ts'
import { boundHeap } from './heap.ts'
import { type Issuing, openIssuing } from './issuing.ts'
import { toMetricsSources } from './metrics-sources.ts'
import { type Movement, openMovement } from './movement.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { openServing, type Serving } from './serving.ts'
import { openStorage, type Storage } from './storage.ts'
import { openTrust, type Trust } from './trust.ts'

/** What the service is given from outside. */
export interface CoreIo {
  readonly clock: Clock
  /** Whether the log is for people: standard error is a terminal. */
  readonly terminal: boolean
  readonly env: NodeJS.ProcessEnv
  readonly version: string
}

/** Everything behind the listeners. */
export interface Core extends Omit<Base, 'closers'>, Omit<Storage, 'passphrase'>, Trust, Serving, Movement, Issuing {
  readonly version: string
  readonly startedAt: UnixMillis
  readonly decisions: OpenedDecisions
  readonly backup: ReturnType<typeof openBackups>
  /** How many connections are open, by listener. */
  readonly connections: Map<string, () => number>
  readonly nextRequestId: () => string
  readiness(): Readiness
  reload(next: Config, changed: readonly string[]): void
  close(): Promise<void>
}

/** Opens the store, the authorities and everything that issues; no listener yet. What fails leaves nothing open. */
export async function buildCore(config: Config, io: CoreIo): Promise<Core> {
  boundHeap()
  let core: Core | null = null
  const metrics = openMetrics(toMetricsSources(io.version, () => core))
  const onLost = () => metrics.logLost()
  const { log, flush } = await openLog({ level: config.log.level, pretty: io.terminal, onLost })
  const closers = new Closers(log)
  const base = { clock: io.clock, random: openRandomPool(), log, metrics, live: { current: config }, closers }
  const close = async () => {
    const [failure] = await closers.close()
    log.info('service.stopped')
    flush()
    if (failure !== undefined) throw failure
  }
  try {
    core = { ...(await openCore(config, base, io)), close }
    return core
  } catch (error) {
    await closers.close()
    flush()
    throw error
  }
}

/** In the order in which each part needs those before. */
async function openCore(config: Config, base: Base, { env, version }: CoreIo): Promise<Omit<Core, 'close'>> {
  const storage = await openStorage(config, base, env)
  const trust = await openTrust(config, { ...base, ...storage })
  const serving = await openServing(config, { ...base, ...storage, ...trust })
  const decisions = await openDecisions(config, { ...base, ...storage, ...trust })
  const movement = await openMovement(config, { ...base, ...storage, ...trust, ...serving })
  const parts = { ...base, ...storage, ...trust, ...serving, ...movement }
  const { passphrase: _, ...visible } = parts
  const { loop, holdKeys } = movement.rotation
  return {
    ...visible,
    ...openIssuing(config, parts),
    decisions,
    version,
    startedAt: base.clock.now(),
    backup: openBackups({ ...parts, holdKeys, trustDomain: config.trustDomain, token: storage.keys.token, version }),
    connections: new Map(),
    nextRequestId: openRequestIds(),
    readiness: () => readinessOf({ ...parts, rotation: loop, crls: movement.crls.publisher }),
    reload: (next, changed) => reload(parts, next, changed),
  }
}

/** The attestation first: it refuses what it cannot use, and then nothing has changed. */
function reload({ live, attestation }: Base & Trust, next: Config, changed: readonly string[]): void {
  const sections = Object.fromEntries(changed.map((section) => [section, next[section as keyof Config]]))
  const merged: Config = { ...live.current, ...sections }
  attestation.reload(merged)
  live.current = merged
}
