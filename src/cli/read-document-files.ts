import { stat } from 'node:fs/promises'
import { readSource, type SourcedDocument } from '../mesh/document-source.ts'
import { listFiles } from '../mesh/list-files.ts'
import { CommandError } from './command-error.ts'
import { readInput, STANDARD_INPUT, toUnreadable } from './read-input.ts'

/** What the server takes in one apply, unless it is configured otherwise. */
const MAX_BYTES = 64 * 1024 * 1024

/** Every document of the files, of the `.yaml`, `.yml` and `.json` below directories, and of standard input for `-`. */
export async function readDocumentFiles(paths: readonly string[]): Promise<readonly SourcedDocument[]> {
  const documents: SourcedDocument[] = []
  let left = MAX_BYTES
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const bytes = await readInput(file, left)
      left -= bytes.length
      if (left < 0) throw CommandError.of('file.unreadable', 'the files have more than 64 MiB: apply them in parts')
      for (const document of await readSource(file, bytes)) documents.push(document)
    }
  }
  return documents
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === STANDARD_INPUT) return [path]
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    return (await listFiles(path)).map((file) => file.path)
  } catch (error) {
    throw toUnreadable(path, error)
  }
}
