import type { Policy, Scope } from '../mesh/resource.ts'
import type { Workload } from '../mesh/workload.ts'

/** Positions of policies by one label that their selectors want; the others may be for any workload. */
interface LabelIndex {
  readonly byLabel: ReadonlyMap<string, readonly number[]>
  readonly others: readonly number[]
}

const indexes = new WeakMap<readonly Policy[], LabelIndex>()

/**
 * The policies of a list that may be for the workload, in their order: all that are, and few others. Each list is looked
 * through once for all workloads, so compiling a mesh does not take policies × workloads.
 */
export function candidatesFor(policies: readonly Policy[], { labels }: Pick<Workload, 'labels'>): readonly Policy[] {
  const known = indexes.get(policies)
  const index = known ?? buildIndex(policies)
  if (known === undefined) indexes.set(policies, index)
  const wanted = Object.entries(labels).flatMap(([name, value]) => index.byLabel.get(toKey(name, value)) ?? [])
  const positions = [...index.others, ...wanted].sort((a, b) => a - b)
  return positions.flatMap((position) => policies[position] ?? [])
}

function buildIndex(policies: readonly Policy[]): LabelIndex {
  const keys = policies.map(keysOf)
  const crowds = new Map<string, number>()
  for (const key of keys.flat()) crowds.set(key, (crowds.get(key) ?? 0) + 1)
  const byLabel = new Map<string, number[]>()
  const others: number[] = []
  for (const [position, labels] of keys.entries()) {
    const [first, ...more] = labels
    if (first === undefined) {
      others.push(position)
      continue
    }
    const rarest = more.reduce((best, key) => ((crowds.get(key) ?? 0) < (crowds.get(best) ?? 0) ? key : best), first)
    const positions = byLabel.get(rarest)
    if (positions === undefined) byLabel.set(rarest, [position])
    else positions.push(position)
  }
  return { byLabel, others }
}

/** Every label that the workload must have; none where the policy names a gateway instead. */
function keysOf({ spec }: { readonly spec: Scope }): string[] {
  const { selector, targetRef, targetRefs = [] } = spec
  if (targetRef !== undefined || targetRefs.length > 0) return []
  return Object.entries(selector?.matchLabels ?? {}).map(([name, value]) => toKey(name, value))
}

/** Two labels with one key would only be candidates for each other. */
function toKey(name: string, value: string): string {
  return `${name}=${value}`
}
