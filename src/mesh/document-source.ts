import { AppError, type Fault } from '../kernel/errors.ts'
import { readDocumentsInSlices } from './read-documents.ts'

/** One document and the file that it stands in. */
export interface SourcedDocument {
  readonly value: unknown
  readonly file: string
  /** Which document of the file, from 0. */
  readonly index: number
}

/** The documents of a file's content; throws what reading it throws, with the name of the file. */
export async function readSource(file: string, content: Uint8Array): Promise<readonly SourcedDocument[]> {
  try {
    return (await readDocumentsInSlices(content)).map(({ value, index }) => ({ value, file, index }))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError(error.code, `${file}: ${error.message}`, { cause: error })
  }
}

/** One line for people: `file:document path: message (did you mean …?)`. */
export function toFaultText(
  { path, message, suggestion }: Omit<Fault, 'document' | 'code'>,
  source: Omit<SourcedDocument, 'value'>,
): string {
  const place = [`${source.file}:${source.index}`, ...(path === '' ? [] : [path])].join(' ')
  return `${place}: ${message}${suggestion === undefined ? '' : ` (did you mean \`${suggestion}\`?)`}`
}
