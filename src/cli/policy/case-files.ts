import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { CommandError } from '../command-error.ts'
import { readInput, toUnreadable } from '../read-input.ts'

const EXTENSION = /\.(?:ya?ml|jsonl|jsonl\.gz)$/
const MAX_FILES = 10_000
/** Of one file, unpacked. */
const MAX_BYTES = 256 * 1024 * 1024

/** A file that may hold cases. */
export interface CaseFile {
  readonly path: string
  /** Named by itself; in a directory, files without cases stand beside those with. */
  readonly isNamed: boolean
}

/** Files as they are, and every `.yaml`, `.yml`, `.jsonl` and `.jsonl.gz` below directories. */
export async function findCaseFiles(paths: readonly string[]): Promise<readonly CaseFile[]> {
  const files: CaseFile[] = []
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) files.push(...(await listBelow(path)))
      else files.push({ path, isNamed: true })
    } catch (error) {
      throw toUnreadableCases(toUnreadable(path, error))
    }
  }
  return files
}

async function listBelow(directory: string): Promise<readonly CaseFile[]> {
  const names = await readdir(directory, { recursive: true })
  const found = names.filter((name) => EXTENSION.test(name) && !/(?:^|\/)\./.test(name)).sort()
  if (found.length > MAX_FILES)
    throw CommandError.of('cases.unreadable', `\`${directory}\` has over ${MAX_FILES} files`)
  return found.map((name) => ({ path: join(directory, name), isNamed: false }))
}

const unpack = promisify(gunzip)

/** The text of a file, unpacked where its name says that it is packed; throws `cases.unreadable`. */
export async function readCaseFile(path: string): Promise<string> {
  try {
    const bytes = await readInput(path, MAX_BYTES)
    if (bytes.length > MAX_BYTES) throw CommandError.of('cases.unreadable', `\`${path}\` has more than 256 MiB`)
    const unpacked = path.endsWith('.gz') ? await unpack(bytes, { maxOutputLength: MAX_BYTES }) : bytes
    return new TextDecoder('utf-8', { fatal: true }).decode(unpacked)
  } catch (error) {
    throw toUnreadableCases(error, path)
  }
}

/** What a file holds or how it is to be read went wrong, as `cases.unreadable` with its place; a bug as it is. */
export function toUnreadableCases(error: unknown, place?: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code === 'cases.unreadable') return error
  const [, line, problem] = /^line (\d+): (.*)$/s.exec(error.message) ?? []
  const where = line === undefined ? place : `${place}:${line}`
  const why = problem ?? error.message
  return CommandError.of('cases.unreadable', place === undefined ? why : `${where}: ${why}`, error)
}
