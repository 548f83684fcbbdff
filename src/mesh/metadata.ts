import { isJsonObject } from '../kernel/json-object.ts'
import { nearMiss } from '../kernel/near-miss.ts'
import { printable } from '../kernel/printable.ts'
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from './dns-names.ts'
import { addError, entryPath, type FindingDetail, type Report, toFinding } from './finding.ts'
import type { FindingCode } from './finding-codes.ts'
import type { Metadata, StringMap } from './resource.ts'
import { decode } from './schema/decode.ts'
import { textMap } from './schema/scope.ts'

const DEFAULT_NAMESPACE = 'default'
const MAX_LABELS = 10_000
const MAX_ANNOTATION_BYTES = 256 * 1024
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/
const LABELS = textMap(MAX_LABELS, 'labels-too-many')
const READ = ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp'] as const
/** Kubernetes' own bookkeeping (`ObjectMeta`): allowed, so that what `kubectl get` shows can be applied, and dropped. */
const IGNORED = [
  'generateName',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const
const KNOWN: readonly string[] = [...READ, ...IGNORED]

/** A clean copy of an object's metadata, with its namespace, or null; what Kubernetes would refuse is reported. */
export function toMetadata(value: unknown, report: Report): Metadata | null {
  const refuse = (path: string, code: FindingCode, detail?: FindingDetail) =>
    addError(report, toFinding('schema', { path, code }, detail))
  if (!isJsonObject(value)) {
    refuse(value === undefined ? 'metadata.name' : 'metadata', value === undefined ? 'name-missing' : 'type-wrong')
    return null
  }
  for (const key of Object.keys(value)) {
    if (KNOWN.includes(key)) continue
    refuse(`metadata.${printable(key)}`, 'unknown-field', { suggestion: nearMiss(key, KNOWN) })
  }
  const { name, namespace, labels, annotations, creationTimestamp } = value
  if (name === undefined || name === null || name === '') refuse('metadata.name', 'name-missing')
  else if (typeof name !== 'string' || !isDnsSubdomain(name)) refuse('metadata.name', 'name-bad', { seen: name })
  const space = namespace === undefined || namespace === null || namespace === '' ? DEFAULT_NAMESPACE : namespace
  if (typeof space !== 'string' || !isDnsLabel(space)) refuse('metadata.namespace', 'namespace-bad', { seen: space })
  const created = creationTimestamp ?? undefined
  if (created !== undefined && !isTime(created))
    refuse('metadata.creationTimestamp', 'timestamp-bad', { seen: created })
  return {
    name: textOf(name),
    namespace: textOf(space),
    ...optional('labels', toLabels(labels, report)),
    ...optional('annotations', toAnnotations(annotations, report)),
    ...(created === undefined ? {} : { creationTimestamp: textOf(created) }),
  }
}

/** Total: what is no text has been reported, and its object is not taken. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function toLabels(value: unknown, report: Report): StringMap | undefined {
  const labels = toStrings('metadata.labels', value, report)
  for (const [key, text] of Object.entries(labels ?? {})) {
    if (isLabelKey(key) && isLabelValue(text)) continue
    const place = { path: entryPath('metadata.labels', key), code: 'label-bad' } as const
    addError(report, toFinding('schema', place, { seen: `${key}=${text}` }))
  }
  return labels
}

function toAnnotations(value: unknown, report: Report): StringMap | undefined {
  const annotations = toStrings('metadata.annotations', value, report)
  let bytes = 0
  for (const [key, text] of Object.entries(annotations ?? {})) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(text)
    if (isLabelKey(key)) continue
    const place = { path: entryPath('metadata.annotations', key), code: 'label-bad' } as const
    addError(report, toFinding('schema', place, { seen: key }))
  }
  if (bytes <= MAX_ANNOTATION_BYTES) return annotations
  addError(report, toFinding('schema', { path: 'metadata.annotations', code: 'annotations-too-large' }))
  return undefined
}

/** A map of strings, undefined for none or for what is no such map. */
function toStrings(path: string, value: unknown, report: Report): StringMap | undefined {
  if (value === undefined || value === null) return undefined
  const map = decode(LABELS, value, { path, report })
  if (!isJsonObject(map)) return undefined
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function optional<K extends string>(name: K, map: StringMap | undefined): { readonly [key in K]?: StringMap } {
  return map === undefined || Object.keys(map).length === 0 ? {} : ({ [name]: map } as { [key in K]: StringMap })
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
}
