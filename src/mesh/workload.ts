import type { StringMap } from './resource.ts'

export type PortProtocol = 'http' | 'tcp'

/**
 * The declared (target) ports of a workload. `as-told`: none are declared, each port is what the proxy says it is; with
 * a map, a port that it lacks is undeclared, and its protocol is detected from the bytes (spec of Istio's sidecar).
 */
export type DeclaredPorts = ReadonlyMap<number, PortProtocol> | 'as-told'

/** What policies select by, and what `destination.ip` and port level modes look at. */
export interface Workload {
  readonly namespace: string
  /** Name of its WorkloadEntry, for people and metrics; null for one that has none. */
  readonly name: string | null
  readonly labels: StringMap
  readonly ip: string | null
  readonly ports: DeclaredPorts
}
