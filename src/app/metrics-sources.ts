import type { MetricsSources } from '../telemetry/instruments.ts'
import type { Core } from './core.ts'
import { observeCrls } from './crl.ts'
import { observeFederation } from './federation.ts'
import { observeResources } from './resources.ts'

/** What the metrics read of the service at each scrape; `core` is null until the service is built. */
export function toMetricsSources(version: string, core: () => Core | null): MetricsSources {
  const seen = <T>(read: (core: Core) => T, before: T) => {
    return () => {
      const built = core()
      return built === null ? before : read(built)
    }
  }
  return {
    version,
    authorities: seen(({ authorities }) => authorities.list(), []),
    queueDepth: seen(({ store }) => store.depth, 0),
    bundleSequence: seen(({ authorities }) => authorities.current().sequence, 0),
    renewalBlocked: seen(({ rotation }) => rotation.loop.problems.length > 0, false),
    servingCertificateExpiry: seen(({ serving }) => serving.notAfter, 0),
    authorityImport: seen(({ imports }) => imports.status(), null),
    clockOff: seen(({ clockWatch }) => clockWatch.offSeconds, 0),
    federation: seen(({ federation, clock }) => observeFederation(federation, clock), []),
    crls: seen(({ crls }) => observeCrls(crls), []),
    resources: seen(({ mesh }) => observeResources(mesh), { version: 0, counts: new Map(), watched: [] }),
    connections: seen(({ connections }) => connections, new Map()),
  }
}
