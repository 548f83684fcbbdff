import { Gauge, type Registry } from 'prom-client'
import type { ObservedFederation } from './instruments.ts'

/** Metrics of foreign trust domains, read at each scrape. */
export function buildFederationGauges(registry: Registry, observe: () => readonly ObservedFederation[]): void {
  new Gauge({
    name: 'alcazar_federation_bundle_age_seconds',
    help: 'Time since the bundle of a foreign trust domain was confirmed by its server; absent while there is none.',
    labelNames: ['trustDomain'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { trustDomain, ageSeconds } of observe())
        if (ageSeconds !== null) this.set({ trustDomain }, ageSeconds)
    },
  })
  new Gauge({
    name: 'alcazar_federation_ok',
    help: 'Whether the bundle of a foreign trust domain could be fetched the last time.',
    labelNames: ['trustDomain'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { trustDomain, isOk } of observe()) this.set({ trustDomain }, Number(isOk))
    },
  })
}
