import type { MutualTlsMode, PeerAuthentication } from '../../../src/mesh/resource.ts'
import type { Row } from './row.ts'
import { hasLabels, selects } from './scope.ts'

export type Mode = Exclude<MutualTlsMode, 'UNSET'>

/** The mutual TLS mode in force on a port of the workload. */
export function modeOf(row: Row, port: number): Mode {
  const levels = levelsOf(row)
  const workload = winner(levels.workload)
  let mode: Mode = 'PERMISSIVE'
  for (const policy of [winner(levels.mesh), winner(levels.namespace), workload]) {
    mode = override(mode, policy?.spec?.mtls?.mode)
  }
  return override(mode, workload?.spec.portLevelMtls?.[String(port)]?.mode)
}

function override(mode: Mode, next: MutualTlsMode | undefined): Mode {
  return next === undefined || next === 'UNSET' ? mode : next
}

function levelsOf({ mesh, workload, policies }: Row): Record<'mesh' | 'namespace' | 'workload', PeerAuthentication[]> {
  const levels: Record<'mesh' | 'namespace' | 'workload', PeerAuthentication[]> = {
    mesh: [],
    namespace: [],
    workload: [],
  }
  for (const policy of policies) {
    if (policy.kind !== 'PeerAuthentication') continue
    const { namespace } = policy.metadata
    const isRoot = mesh.rootNamespace !== '' && namespace === mesh.rootNamespace
    if (!isRoot && namespace !== workload.namespace) continue
    const labelled = hasLabels(policy.spec?.selector)
    if (isRoot && !labelled) levels.mesh.push(policy)
    if (!isRoot && !labelled) levels.namespace.push(policy)
    if (!isRoot && labelled && selects(policy.spec.selector, workload.labels)) levels.workload.push(policy)
  }
  return levels
}

/** The oldest one, whole; among equally old ones the one with the lower name. */
function winner(policies: readonly PeerAuthentication[]): PeerAuthentication | undefined {
  return policies.toSorted((a, b) => ageOf(a) - ageOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]
}

function ageOf(policy: PeerAuthentication): number {
  return Date.parse(policy.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z')
}
