import { CommandError } from './command-error.ts'
import { type Named, resourcePath } from './get-resources.ts'
import type { JsonObject } from './json.ts'
import { readDocumentFiles } from './read-document-files.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

interface Removed extends Named {
  readonly change: 'deleted' | 'not found'
}

/** Removes one resource. */
export async function deleteOne(session: Session, key: Named): Promise<void> {
  await session.client().json({ method: 'DELETE', path: resourcePath(key) })
  session.show({ ...key, change: 'deleted' }, () => toLine({ ...key, change: 'deleted' }))
}

/** Removes what the files name, one after the other; what is not there is told, and refused at the end. */
export async function deleteFiles(session: Session, paths: readonly string[]): Promise<void> {
  const keys = (await readDocumentFiles(paths)).map(({ value, file, index }) => {
    const key = toNamed(value)
    if (key === null) throw CommandError.of('usage', `\`${file}:${index}\` has no kind, or no name in its metadata`)
    return key
  })
  const items: Removed[] = []
  for (const key of keys) items.push({ ...key, change: await deleteNamed(session, key) })
  session.show({ items }, () => items.map(toLine).join(''))
  const missing = items.filter(({ change }) => change === 'not found').length
  if (missing > 0) throw CommandError.of('resource.not_found', `${missing} of ${items.length} were not there`)
}

async function deleteNamed(session: Session, key: Named): Promise<'deleted' | 'not found'> {
  try {
    await session.client().json({ method: 'DELETE', path: resourcePath(key) })
    return 'deleted'
  } catch (error) {
    if (error instanceof CommandError && error.code === 'resource.not_found') return 'not found'
    throw error
  }
}

function toNamed(document: unknown): Named | null {
  if (!isObject(document) || !isObject(document.metadata)) return null
  const { kind, metadata } = document
  const { name, namespace = 'default' } = metadata
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string') return null
  return kind === '' || name === '' ? null : { kind, namespace, name }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toLine({ kind, namespace, name, change }: Removed): string {
  return `${toSafeText(`${kind}/${namespace}/${name}`)} ${change}\n`
}
