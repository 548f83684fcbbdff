import { entryPath } from '../finding.ts'
import type { Scope, Selector, TargetRef } from '../resource.ts'
import type { Objector } from './objector.ts'

/** Group and kind of what a policy may be attached to; the group of core is written `core` or left empty. */
const TARGETS: ReadonlySet<string> = new Set([
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
])

/** Checks selector and target references as the webhook does: an empty list of references counts as none. */
export function checkScope(scope: Scope, say: Objector): void {
  const { selector, targetRef, targetRefs = [] } = scope
  const ways = [selector !== undefined, targetRef !== undefined, targetRefs.length > 0]
  if (ways.filter(Boolean).length > 1) say.error('spec', 'selector-and-targetref')
  checkSelector(selector, say)
  if (targetRef !== undefined) checkTargetRef('spec.targetRef', targetRef, say)
  for (const [i, reference] of targetRefs.entries()) checkTargetRef(`spec.targetRefs[${i}]`, reference, say)
}

/** Refuses wildcards and empty keys, warns of a selector without labels. */
export function checkSelector(selector: Selector | undefined, say: Objector): void {
  if (selector === undefined) return
  const labels = Object.entries(selector.matchLabels ?? {})
  if (labels.length === 0) say.warning('spec.selector', 'selector-empty')
  for (const [key, value] of labels) {
    const path = entryPath('spec.selector.matchLabels', key)
    if (key === '') say.error(path, 'selector-empty-key')
    if (key.includes('*') || value.includes('*')) say.error(path, 'selector-wildcard', { seen: value })
  }
}

/** A reference that was null in the list is empty here. */
function checkTargetRef(path: string, reference: Partial<TargetRef>, say: Objector): void {
  const { group = '', kind = '', name = '', namespace = '' } = reference
  if (name === '') say.error(`${path}.name`, 'targetref-name')
  if (namespace !== '') say.error(`${path}.namespace`, 'targetref-namespace', { seen: namespace })
  const target = `${group === '' ? 'core' : group}/${kind}`
  if (!TARGETS.has(target)) say.error(`${path}.kind`, 'targetref-kind', { seen: target })
}
