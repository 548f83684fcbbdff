import { Gauge, type Registry } from 'prom-client'
import type { Kind } from '../mesh/resource.ts'

/** What is known of the stored resources when somebody asks. */
export interface ObservedResources {
  readonly version: number
  readonly counts: ReadonlyMap<Kind, number>
  readonly watched: readonly { readonly directory: string; readonly isOk: boolean }[]
}

/** Metrics of the stored resources; without a set in force there are none but those of the directories. */
export function buildResourceGauges(registry: Registry, observe: () => ObservedResources): void {
  const registers = [registry]
  new Gauge({
    name: 'alcazar_resources',
    help: 'Stored resources by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of observe().counts) this.set({ kind }, count)
    },
  })
  new Gauge({
    name: 'alcazar_resources_version',
    help: 'Version of the resources in force.',
    registers,
    collect() {
      this.set(observe().version)
    },
  })
  new Gauge({
    name: 'alcazar_resources_watch_ok',
    help: '1 while what a watched directory holds is in force, else 0.',
    labelNames: ['directory'],
    registers,
    collect() {
      for (const { directory, isOk } of observe().watched) this.set({ directory }, Number(isOk))
    },
  })
}
