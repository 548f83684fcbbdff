import { AppError, type Fault } from '../kernel/errors.ts'
import { type Finding, toDistinctFindings } from './finding.ts'
import { type Resource, toKeyText } from './resource.ts'
import { openSlices } from './slices.ts'
import { keyOf } from './snapshot.ts'
import { validateResource } from './validate-resource.ts'

const MAX_RESOURCE_BYTES = 1024 * 1024
const MAX_FAULTS = 1000

/** A document that both layers of Istio's validation let pass. */
export interface Judged {
  readonly resource: Resource
  readonly warnings: readonly Finding[]
}

/**
 * Judges every document; throws `resource.invalid` with the faults of all of them when one is not valid. `indexOf` gives
 * the number that a fault has for the document at a position.
 */
export async function judgeDocuments(
  documents: readonly unknown[],
  indexOf: (position: number) => number = (position) => position,
): Promise<readonly Judged[]> {
  const judged: Judged[] = []
  const faults: Fault[] = []
  const seen = new Map<string, number>()
  const pause = openSlices()
  for (const [position, value] of documents.entries()) {
    const document = indexOf(position)
    const { resource, errors, warnings } = validateResource(value)
    const found = resource === null ? toDistinctFindings(errors) : problemsOf(resource, seen)
    for (const { path, code, message, suggestion } of found) {
      faults.push({ document, path, code, message, ...(suggestion === undefined ? {} : { suggestion }) })
    }
    if (resource !== null && found.length === 0) {
      judged.push({ resource, warnings: toDistinctFindings(warnings) })
      seen.set(toKeyText(keyOf(resource)), document)
    }
    if (faults.length >= MAX_FAULTS) break
    await pause()
  }
  if (faults.length > 0) throw toInvalid(faults.slice(0, MAX_FAULTS))
  return judged
}

/** What one answer says of a bad set: everything about all of its documents, and the first fault in words. */
function toInvalid(faults: readonly Fault[]): AppError {
  const [first] = faults
  if (first === undefined) throw new TypeError('nothing is invalid')
  const where = first.path === '' ? `document ${first.document}` : `document ${first.document}, ${first.path}`
  const hint = first.suggestion === undefined ? '' : ` (did you mean \`${first.suggestion}\`?)`
  const more = faults.length === 1 ? '' : `; and ${faults.length - 1} more`
  return new AppError('resource.invalid', `${where}: ${first.message}${hint}${more}`, { faults })
}

type Problem = Omit<Fault, 'document'>

/** What validation of one object by itself cannot see. */
function problemsOf(resource: Resource, seen: ReadonlyMap<string, number>): readonly Problem[] {
  const earlier = seen.get(toKeyText(keyOf(resource)))
  if (earlier !== undefined) {
    const message = `document ${earlier} is the same object: give it once`
    return [{ path: 'metadata.name', code: 'duplicate-object', message }]
  }
  if (Buffer.byteLength(JSON.stringify(resource)) <= MAX_RESOURCE_BYTES) return []
  return [{ path: '', code: 'object-too-large', message: 'one object may have 1 MiB as JSON' }]
}
