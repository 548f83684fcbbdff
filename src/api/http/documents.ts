import { AppError } from '../../kernel/errors.ts'
import type { GivenDocument } from '../../mesh/change-request.ts'
import { readDocumentsInSlices, toDocuments } from '../../mesh/read-documents.ts'

/** The documents of a body: the text of YAML, one object, a list of them, or a List of Kubernetes. */
export async function documentsOf(body: unknown): Promise<readonly GivenDocument[]> {
  if (typeof body === 'string') return readDocumentsInSlices(body)
  if (body === undefined) throw new AppError('request.malformed', 'the body is empty: send one resource or several')
  return toDocuments(body)
}
