import { toYaml } from '../mesh/to-yaml.ts'
import { validateResource } from '../mesh/validate-resource.ts'
import { toText } from './cells.ts'
import { NegativeResult } from './command-error.ts'
import { type Named, resourcePath } from './get-resources.ts'
import { itemsOf, type JsonObject, objectOf } from './json.ts'
import { toUnifiedDiff } from './line-diff.ts'
import { postDocuments } from './post-documents.ts'
import { readDocumentFiles } from './read-document-files.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

interface Difference extends Named {
  readonly change: string
  /** Unified, of the YAML. */
  readonly diff: string
}

/** Shows what applying the files would change; ends with exit code 1 when that is anything. */
export async function diffFiles(session: Session, paths: readonly string[]): Promise<void> {
  const documents = await readDocumentFiles(paths)
  const judged = itemsOf(await postDocuments(session, documents, { isDryRun: true }))
  const items: Difference[] = []
  for (const [i, item] of judged.entries()) {
    if (item.change === 'unchanged') continue
    const stored = item.change === 'updated' ? await getStored(session, item) : null
    items.push({ ...toNamed(item), change: toText(item.change), diff: diffOf(stored, documents[i]?.value) })
  }
  session.show({ items }, () => items.map(toView).join(''))
  if (items.length > 0) throw new NegativeResult()
}

function getStored(session: Session, item: JsonObject): Promise<JsonObject> {
  return session.client().json({ method: 'GET', path: resourcePath(toNamed(item)) })
}

function toNamed({ kind, namespace, name }: JsonObject): Named {
  return { kind: toText(kind), namespace: toText(namespace), name: toText(name) }
}

/** Against the document as the server would store it; the time of creation is the server's. */
function diffOf(stored: JsonObject | null, document: unknown): string {
  const { resource } = validateResource(document)
  if (resource === null) throw new TypeError('the server takes a document that is not valid here')
  const { creationTimestamp } = objectOf(stored ?? {}, 'metadata')
  const metadata = { ...resource.metadata, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) }
  return toUnifiedDiff(stored === null ? '' : toYaml(stored), toYaml({ ...resource, metadata }))
}

function toView(item: Difference): string {
  const name = toSafeText(`${item.kind}/${item.namespace}/${item.name}`)
  return `--- stored/${name}\n+++ given/${name}\n${item.diff}`
}
