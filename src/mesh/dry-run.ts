import type { Metadata, Resource } from './resource.ts'
import type { Objector } from './webhook/objector.ts'

/** The annotation by which a policy is only watched. */
const DRY_RUN = 'istio.io/dry-run'
/** What Go's `strconv.ParseBool` takes. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** Whether an object is only watched; anything but a true value of the annotation means enforced. */
export function isWatchedOnly({ annotations = {} }: Pick<Metadata, 'annotations'>): boolean {
  return Object.hasOwn(annotations, DRY_RUN) && TRUE.has(annotations[DRY_RUN] ?? '')
}

/** Refuses the annotation where it has no effect or no meaning, as istiod's webhook does. */
export function checkDryRun(resource: Resource, say: Objector): void {
  const annotations = resource.metadata.annotations ?? {}
  if (!Object.hasOwn(annotations, DRY_RUN)) return
  const path = `metadata.annotations[${DRY_RUN}]`
  const action = resource.kind === 'AuthorizationPolicy' ? (resource.spec.action ?? 'ALLOW') : null
  if (action !== 'ALLOW' && action !== 'DENY') say.error(path, 'dry-run-unsupported')
  else if (!isBoolean(annotations[DRY_RUN] ?? '')) say.error(path, 'dry-run-bad', { seen: annotations[DRY_RUN] })
}

function isBoolean(text: string): boolean {
  return TRUE.has(text) || FALSE.has(text)
}
