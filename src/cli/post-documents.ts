import { type SourcedDocument, toFaultText } from '../mesh/document-source.ts'
import { toText } from './cells.ts'
import { CommandError } from './command-error.ts'
import { type Json, type JsonObject, objectsOf } from './json.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

/**
 * Sends the documents to be stored, or only judged. What is wrong with one is told by its file, for people a line each
 * before the refusal is thrown.
 */
export async function postDocuments(
  session: Session,
  documents: readonly SourcedDocument[],
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<JsonObject> {
  if (documents.length === 0) throw CommandError.of('usage', 'the files hold no documents')
  const query = isDryRun ? { dryRun: 'true' } : {}
  const body = documents.map(({ value }) => value as Json) // it came out of a reader of YAML or JSON
  try {
    return await session.client().json({ method: 'POST', path: '/v1/resources', query, body })
  } catch (error) {
    if (error instanceof CommandError && error.code === 'resource.invalid') throw toLocated(session, documents, error)
    throw error
  }
}

/** The refusal with the file of each fault. */
function toLocated(session: Session, documents: readonly SourcedDocument[], error: CommandError): CommandError {
  const detail = error.detail ?? {}
  const faults = objectsOf(detail, 'errors').map((fault) => {
    const source = documents[Number(fault.document)]
    return source === undefined ? fault : { ...fault, file: source.file, document: source.index }
  })
  if (session.options.output === 'table') for (const fault of faults) session.io.stderr.write(`${toLine(fault)}\n`)
  const count = faults.length === 1 ? 'one error' : `${faults.length} errors`
  return CommandError.refused(error.code, `nothing was stored: ${count}`, { ...detail, errors: faults })
}

function toLine({ file, document, path, message, suggestion }: JsonObject): string {
  const fault = { path: toText(path), message: toText(message) }
  const hint = suggestion === undefined ? {} : { suggestion: toText(suggestion) }
  return toSafeText(toFaultText({ ...fault, ...hint }, { file: toText(file), index: Number(document) }))
}
