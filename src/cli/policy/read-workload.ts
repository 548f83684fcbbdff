import { resolve } from 'node:path'
import { toWorkload } from '../../decide/find-workload.ts'
import { parseWorkloadName } from '../../decide/workload-name.ts'
import { InlineWorkload } from '../../decide/written-body.ts'
import { toWrittenWorkload, type WrittenWorkload } from '../../decide/written-question.ts'
import { AppError } from '../../kernel/errors.ts'
import { judgeDocuments } from '../../mesh/judge-documents.ts'
import type { WorkloadEntry } from '../../mesh/resource.ts'
import type { Workload } from '../../mesh/workload.ts'
import { CommandError } from '../command-error.ts'
import { readDocumentFiles } from '../read-document-files.ts'
import { toReader } from './read-value.ts'

const readInline = toReader(InlineWorkload)

/** Whether a workload is told by a file, and not by `ns/name`. */
export function isWorkloadFile(text: string): boolean {
  return /\.(?:ya?ml|json)$/.test(text)
}

/** The workload of a file: a WorkloadEntry, or `{ namespace, labels, ip?, ports? }`. Throws `usage`. */
export async function readWorkloadFile(file: string): Promise<WrittenWorkload> {
  const [document, ...more] = await readDocumentFiles([file])
  if (document === undefined || more.length > 0) {
    throw CommandError.of('usage', `\`${file}\` must hold one workload: a WorkloadEntry, or { namespace, labels }`)
  }
  try {
    return isResource(document.value) ? await toInline(document.value) : readInline(document.value)
  } catch (error) {
    if (error instanceof AppError) throw CommandError.of('usage', `\`${file}\`: ${error.message}`, error)
    throw error
  }
}

function isResource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'kind')
}

async function toInline(document: unknown): Promise<WrittenWorkload> {
  const [judged] = await judgeDocuments([document])
  if (judged?.resource.kind !== 'WorkloadEntry') throw new AppError('request.malformed', 'it holds no WorkloadEntry')
  const { namespace, labels, ip } = toWorkload({ entry: judged.resource })
  return { namespace, labels, ip, ports: judged.resource.spec.ports ?? 'as-told' }
}

/** The workload of one of the entries, by `ns/name`; throws `usage` where there is none. */
export function findEntry(text: string, entries: readonly WorkloadEntry[]): Workload {
  const { namespace, name } = parseWorkloadName(text)
  const entry = entries.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
  if (entry !== undefined) return toWorkload({ entry })
  throw CommandError.of(
    'usage',
    `no WorkloadEntry \`${text}\` is among the policies: add one, or give the workload itself`,
  )
}

/** The workload that the text tells: a file, from `directory`, or `ns/name` of one of the entries. */
export async function readWorkload(
  text: string,
  { entries, directory = '' }: { readonly entries: readonly WorkloadEntry[]; readonly directory?: string },
): Promise<Workload> {
  if (!isWorkloadFile(text)) return findEntry(text, entries)
  return toWrittenWorkload(await readWorkloadFile(resolve(directory, text)))
}
