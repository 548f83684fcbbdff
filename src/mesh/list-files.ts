import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../kernel/errors.ts'

const MAX_FILES = 10_000
const MAX_DEPTH = 16
const MAX_BYTES = 64 * 1024 * 1024
const EXTENSION = /\.(?:ya?ml|json)$/

/** A file of resources as it was found, and as it is recognized again. */
export interface FoundFile {
  readonly path: string
  readonly bytes: number
  /** Differs when the file, or the one that a link leads to, is another or has changed. */
  readonly stamp: string
}

/**
 * Every `.yaml`, `.yml` and `.json` below `directory`, in the order of their paths. Links are followed and names with a
 * leading dot passed over, so that a volume of Kubernetes (`..data`) is read once, and `.git` not at all. Throws
 * `limit.size` for more than can be meant, and what the file system throws.
 */
export async function listFiles(directory: string): Promise<readonly FoundFile[]> {
  const files: FoundFile[] = []
  await collect(directory, { files, above: [] })
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (bytes > MAX_BYTES) throw new AppError('limit.size', `the files of \`${directory}\` have more than 64 MiB`)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

interface Walk {
  readonly files: FoundFile[]
  /** Real paths of the directories that are being walked. */
  readonly above: readonly string[]
}

async function collect(directory: string, { files, above }: Walk): Promise<void> {
  const real = await realpath(directory)
  if (above.includes(real)) return
  if (above.length === MAX_DEPTH) throw new AppError('limit.size', `\`${directory}\` lies more than ${MAX_DEPTH} deep`)
  for (const name of await readdir(directory)) {
    if (name.startsWith('.')) continue
    const path = join(directory, name)
    const found = await stat(path)
    if (found.isDirectory()) await collect(path, { files, above: [...above, real] })
    if (!found.isFile() || !EXTENSION.test(name)) continue
    if (files.length === MAX_FILES) throw new AppError('limit.size', `there are more than ${MAX_FILES} files`)
    const { dev, ino, size, mtimeMs, ctimeMs } = found
    files.push({ path, bytes: size, stamp: [path, dev, ino, size, mtimeMs, ctimeMs].join(' ') })
  }
}
