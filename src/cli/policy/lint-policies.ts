import { type SourcedDocument, toFaultText } from '../../mesh/document-source.ts'
import { type Finding, toDistinctFindings } from '../../mesh/finding.ts'
import { lintResource } from '../../mesh/lint-resource.ts'
import { type Resource, toKeyText } from '../../mesh/resource.ts'
import { keyOf } from '../../mesh/snapshot.ts'
import { validateResource } from '../../mesh/validate-resource.ts'
import { NegativeResult } from '../command-error.ts'
import { readDocumentFiles } from '../read-document-files.ts'
import { toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import type { Style } from '../style.ts'
import { counted } from './counted.ts'

/** One remark about a document of a file. */
interface Remark {
  readonly level: 'error' | 'warning'
  readonly file: string
  readonly document: number
  readonly path: string
  readonly code: string
  readonly message: string
  readonly suggestion?: string
}

interface LintOptions {
  readonly isStrict: boolean
}

/** `policy lint`: what is wrong with documents, or will not do what it looks like; ends with exit code 1 on errors. */
export async function lintPolicies(
  session: Session,
  paths: readonly string[],
  { isStrict }: LintOptions,
): Promise<void> {
  const documents = await readDocumentFiles(paths)
  const seen: Seen = new Map()
  const items = documents.flatMap((document) => toRemarks(document, seen))
  const errors = items.filter(({ level }) => level === 'error').length
  const sums = { documents: documents.length, errors, warnings: items.length - errors }
  session.show({ items, ...sums }, () => `${items.map((item) => toLine(item, session.style)).join('')}${toSum(sums)}`)
  if (errors > 0 || (isStrict && items.length > 0)) throw new NegativeResult()
}

/** Where each object stood first. */
type Seen = Map<string, string>

function toRemarks({ value, file, index }: SourcedDocument, seen: Seen): readonly Remark[] {
  const { resource, errors, warnings } = validateResource(value)
  const doubts = resource === null ? [] : lintResource(resource)
  const toRemark =
    (level: Remark['level']) =>
    ({ layer: _, ...finding }: Finding): Remark => ({ level, file, document: index, ...finding })
  return [
    ...toDistinctFindings(errors).map(toRemark('error')),
    ...(resource === null ? [] : duplicatesOf(resource, { file, document: index }, seen)),
    ...toDistinctFindings([...warnings, ...doubts]).map(toRemark('warning')),
  ]
}

function duplicatesOf(resource: Resource, place: Pick<Remark, 'file' | 'document'>, seen: Seen): readonly Remark[] {
  const key = toKeyText(keyOf(resource))
  const earlier = seen.get(key)
  if (earlier === undefined) {
    seen.set(key, `${place.file}:${place.document}`)
    return []
  }
  const message = `${earlier} is the same object: give it once`
  return [{ level: 'error', ...place, path: 'metadata.name', code: 'duplicate-object', message }]
}

function toLine(remark: Remark, style: Style): string {
  const paint = remark.level === 'error' ? style.bad : style.warn
  const text = toFaultText(remark, { file: remark.file, index: remark.document })
  return `${paint(remark.level)}: ${toSafeText(text)} ${style.dim(`[${remark.code}]`)}\n`
}

interface Sums {
  readonly documents: number
  readonly errors: number
  readonly warnings: number
}

function toSum({ documents, errors, warnings }: Sums): string {
  const found =
    errors + warnings === 0 ? 'nothing to say' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
  return `${counted(documents, 'document')}: ${found}\n`
}
