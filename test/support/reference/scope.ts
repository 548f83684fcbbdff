import type { Metadata, Scope, Selector, TargetRef } from '../../../src/mesh/resource.ts'
import type { Row } from './row.ts'

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name'

/** Whether a selector asks for any label. */
export function hasLabels(selector: Selector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0
}

/** Whether the workload has every label that a selector asks for. */
export function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value)
}

/** Whether a RequestAuthentication or AuthorizationPolicy is for the workload. */
export function applies(policy: { readonly metadata: Metadata; readonly spec: Scope | undefined }, row: Row): boolean {
  const { namespace } = policy.metadata
  const { workload, mesh } = row
  const refs = refsOf(policy.spec)
  if (refs.length > 0) return targets(refs, namespace, row)
  const isRoot = mesh.rootNamespace !== '' && namespace === mesh.rootNamespace
  return (isRoot || namespace === workload.namespace) && selects(policy.spec?.selector, workload.labels)
}

function refsOf(scope: Scope | undefined): readonly TargetRef[] {
  return [...(scope?.targetRefs ?? []), ...(scope?.targetRef ? [scope.targetRef] : [])]
}

function targets(refs: readonly TargetRef[], namespace: string, { workload }: Row): boolean {
  const gateway = workload.labels[GATEWAY_LABEL]
  if (gateway === undefined || namespace !== workload.namespace) return false
  return refs.some(
    (ref) =>
      ref.group === 'gateway.networking.k8s.io' &&
      ref.kind === 'Gateway' &&
      ref.name === gateway &&
      (ref.namespace === undefined || ref.namespace === '' || ref.namespace === namespace),
  )
}
