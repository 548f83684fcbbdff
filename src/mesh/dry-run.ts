import type { Resource } from './resource.ts'
import type { Objector } from './webhook/objector.ts'

/** The annotation by which a policy is only watched. */
const DRY_RUN = 'istio.io/dry-run'
/** What Go's `strconv.ParseBool` takes. */
const BOOLEANS: ReadonlySet<string> = new Set([
  '1',
  't',
  'T',
  'true',
  'TRUE',
  'True',
  '0',
  'f',
  'F',
  'false',
  'FALSE',
  'False',
])

/** Refuses the annotation where it has no effect or no meaning, as istiod's webhook does. */
export function checkDryRun(resource: Resource, say: Objector): void {
  const annotations = resource.metadata.annotations ?? {}
  if (!Object.hasOwn(annotations, DRY_RUN)) return
  const path = `metadata.annotations[${DRY_RUN}]`
  const action = resource.kind === 'AuthorizationPolicy' ? (resource.spec.action ?? 'ALLOW') : null
  if (action !== 'ALLOW' && action !== 'DENY') say.error(path, 'dry-run-unsupported')
  else if (!BOOLEANS.has(annotations[DRY_RUN] ?? '')) say.error(path, 'dry-run-bad', { seen: annotations[DRY_RUN] })
}
