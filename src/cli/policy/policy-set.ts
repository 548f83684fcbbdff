import { AppError, type Fault } from '../../kernel/errors.ts'
import { type SourcedDocument, toFaultText } from '../../mesh/document-source.ts'
import { judgeDocuments } from '../../mesh/judge-documents.ts'
import type { Policy, WorkloadEntry } from '../../mesh/resource.ts'
import { CommandError } from '../command-error.ts'
import type { JsonObject } from '../json.ts'
import { readDocumentFiles } from '../read-document-files.ts'
import { toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'

/** What decides a case: policies, and the workloads that they may be for. */
export interface PolicySet {
  readonly policies: readonly Policy[]
  readonly entries: readonly WorkloadEntry[]
}

/** Sorts valid documents; throws `resource.invalid` with the faults of all of them. */
async function judgePolicies(documents: readonly unknown[]): Promise<PolicySet> {
  const resources = (await judgeDocuments(documents)).map(({ resource }) => resource)
  return {
    policies: resources.filter((resource) => resource.kind !== 'WorkloadEntry'),
    entries: resources.filter((resource) => resource.kind === 'WorkloadEntry'),
  }
}

/** What is wrong with documents, where they cannot decide anything. */
export interface Refused {
  readonly faults: readonly Fault[]
}

/** The same; the faults are a value. */
export async function tryPolicies(documents: readonly unknown[]): Promise<PolicySet | Refused> {
  try {
    return await judgePolicies(documents)
  } catch (error) {
    if (error instanceof AppError && error.faults !== undefined) return { faults: error.faults }
    throw error
  }
}

/** Sorted documents of files and directories; what is wrong with one is told by its file, for people a line each. */
export async function readPolicySet(session: Session, paths: readonly string[]): Promise<PolicySet> {
  const documents = await readDocumentFiles(paths)
  const judged = await tryPolicies(documents.map(({ value }) => value))
  if ('faults' in judged) throw toLocated(session, documents, judged.faults)
  return judged
}

function toLocated(session: Session, documents: readonly SourcedDocument[], faults: readonly Fault[]): CommandError {
  const errors: JsonObject[] = []
  for (const fault of faults) {
    const source = documents[fault.document]
    if (source === undefined) throw new TypeError('a fault of no document')
    const { file, index } = source
    if (session.options.output !== 'json') session.io.stderr.write(`${toSafeText(toFaultText(fault, source))}\n`)
    errors.push({ ...fault, file, document: index })
  }
  const count = faults.length === 1 ? 'one error' : `${faults.length} errors`
  return CommandError.refused('resource.invalid', `nothing was decided: ${count} in the policies`, { errors })
}
