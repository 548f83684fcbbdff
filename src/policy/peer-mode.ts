import type { MutualTlsMode, PeerAuthentication, Policy } from '../mesh/resource.ts'
import type { Workload } from '../mesh/workload.ts'
import { hasLabels, selects } from './select.ts'

export type PeerMode = Exclude<MutualTlsMode, 'UNSET'>

/** How a workload's ports are protected, and by which policies. */
export interface PeerModes {
  readonly mode: PeerMode
  readonly ports: ReadonlyMap<number, PeerMode>
  /** The policies that won at their level, from the mesh's to the workload's own. */
  readonly policies: readonly PeerAuthentication[]
}

/** The mode of a port; where a proxy does not tell which (0), STRICT as soon as one port is. */
export function modeOf({ mode, ports }: PeerModes, port: number): PeerMode {
  if (port === 0 && [...ports.values()].includes('STRICT')) return 'STRICT'
  return ports.get(port) ?? mode
}

/** Mesh, namespace, workload: each level overrides the one before, one policy wins whole at each. */
export function compilePeerModes(
  policies: readonly PeerAuthentication[],
  workload: Workload,
  rootNamespace: string,
): PeerModes {
  const general = (namespace: string) =>
    oldest(policies.filter(({ metadata, spec }) => metadata.namespace === namespace && !hasLabels(spec.selector)))
  const mesh = rootNamespace === '' ? undefined : general(rootNamespace)
  const own = workload.namespace === rootNamespace ? undefined : general(workload.namespace)
  const special = workload.namespace === rootNamespace ? undefined : oldest(selected(policies, workload))
  const winners = [mesh, own, special].filter((policy) => policy !== undefined)
  let mode: PeerMode = 'PERMISSIVE'
  for (const { spec } of winners) mode = override(mode, spec.mtls?.mode)
  return { mode, ports: compilePorts(mode, special), policies: winners }
}

const NO_PORTS: PeerModes['ports'] = new Map()

function compilePorts(mode: PeerMode, special: PeerAuthentication | undefined): PeerModes['ports'] {
  const levels = Object.entries(special?.spec.portLevelMtls ?? {})
  if (levels.length === 0) return NO_PORTS
  return new Map(levels.map(([port, level]) => [Number(port), override(mode, level?.mode)]))
}

/** A policy with labels counts in the workload's own namespace only, and never in the root namespace. */
function selected(policies: readonly PeerAuthentication[], workload: Workload): PeerAuthentication[] {
  return policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === workload.namespace && hasLabels(spec.selector) && selects(spec.selector, workload.labels),
  )
}

function override(mode: PeerMode, by: MutualTlsMode | undefined): PeerMode {
  return by === undefined || by === 'UNSET' ? mode : by
}

/** The oldest wins, then the lower name. */
function oldest(policies: readonly PeerAuthentication[]): PeerAuthentication | undefined {
  return [...policies].sort((a, b) => createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]
}

/** An object without the time is older than all others: Go's zero time. */
export function createdAt({ metadata }: Pick<Policy, 'metadata'>): number {
  return metadata.creationTimestamp === undefined ? 0 : Date.parse(metadata.creationTimestamp)
}
