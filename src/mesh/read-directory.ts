import { readFile } from 'node:fs/promises'
import { readSource, type SourcedDocument } from './document-source.ts'
import { type FoundFile, listFiles } from './list-files.ts'

/** What a directory holds, as it was at one time. */
interface DirectoryContent {
  readonly files: number
  readonly documents: readonly SourcedDocument[]
  /** Differs when anything in it is another. */
  readonly stamp: string
}

/** Reads one directory again and again; what has not changed since the last time is not parsed again. */
export class DirectoryReader {
  readonly #directory: string
  /** By the stamp of the file. */
  readonly #parsed = new Map<string, readonly SourcedDocument[]>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * The resources of the directory. `unchanged` when it is as `known` says, `changing` when it was written to meanwhile:
   * what was read is then half of one state and half of another. Throws what reading and parsing throw.
   */
  async read(known: string | null): Promise<DirectoryContent | 'unchanged' | 'changing'> {
    const files = await listFiles(this.#directory)
    const stamp = stampOf(files)
    if (stamp === known) return 'unchanged'
    this.#forgetOthers(files)
    const documents: SourcedDocument[] = []
    for (const file of files) {
      const found = this.#parsed.get(file.stamp) ?? (await readListed(file))
      if (found === null) return 'changing'
      this.#parsed.set(file.stamp, found)
      for (const document of found) documents.push(document)
    }
    if (stampOf(await listFiles(this.#directory)) !== stamp) return 'changing'
    return { files: files.length, documents, stamp }
  }

  #forgetOthers(files: readonly FoundFile[]): void {
    const stamps = new Set(files.map(({ stamp }) => stamp))
    for (const stamp of this.#parsed.keys()) if (!stamps.has(stamp)) this.#parsed.delete(stamp)
  }
}

function stampOf(files: readonly FoundFile[]): string {
  return files.map(({ stamp }) => stamp).join('\n')
}

/** Null when the file has not the size that it was listed with. */
async function readListed({ path, bytes }: FoundFile): Promise<readonly SourcedDocument[] | null> {
  const content = await readFile(path)
  if (content.length !== bytes) return null
  return readSource(path, content)
}
