import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Closers } from './closers.ts'
import type { LiveConfig } from './settings.ts'

/** What every part of the service is opened with; whatever has to be closed again, each adds to the closers. */
export interface Base {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly metrics: Metrics
  readonly live: LiveConfig
  readonly closers: Closers
}
