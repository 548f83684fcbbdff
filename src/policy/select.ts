import type { Scope, Selector, StringMap } from '../mesh/resource.ts'
import type { Workload } from '../mesh/workload.ts'

const GATEWAY_GROUP = 'gateway.networking.k8s.io'
const GATEWAY_LABEL = `${GATEWAY_GROUP}/gateway-name`

/** Whether every label of the selector is there with the same value; no labels select everything. */
export function selects(selector: Selector | undefined, labels: StringMap): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  )
}

export function hasLabels(selector: Selector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0
}

interface Scoped {
  readonly metadata: { readonly namespace: string }
  readonly spec: Scope
}

/** Whether a policy of the root or the workload's namespace is for the workload, by its selector or its targets. */
export function isFor(policy: Scoped, workload: Workload, rootNamespace: string): boolean {
  const { namespace } = policy.metadata
  if (namespace !== workload.namespace && (namespace !== rootNamespace || rootNamespace === '')) return false
  const { selector, targetRef, targetRefs = [] } = policy.spec
  const targets = targetRef === undefined ? targetRefs : [targetRef, ...targetRefs]
  if (targets.length === 0) return selects(selector, workload.labels)
  const gateway = Object.hasOwn(workload.labels, GATEWAY_LABEL) ? workload.labels[GATEWAY_LABEL] : undefined
  if (gateway === undefined || namespace !== workload.namespace) return false
  return targets.some(
    (target) =>
      target.group === GATEWAY_GROUP &&
      target.kind === 'Gateway' &&
      target.name === gateway &&
      (target.namespace === undefined || target.namespace === '' || target.namespace === namespace),
  )
}
