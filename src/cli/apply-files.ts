import { toText } from './cells.ts'
import { itemsOf, type JsonObject, objectsOf } from './json.ts'
import { postDocuments } from './post-documents.ts'
import { readDocumentFiles } from './read-document-files.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'
import type { Style } from './style.ts'

/** Stores everything that the files hold, or only says what would change. */
export async function applyFiles(
  session: Session,
  paths: readonly string[],
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<void> {
  const documents = await readDocumentFiles(paths)
  const applied = await postDocuments(session, documents, { isDryRun })
  session.show(applied, () => toView(itemsOf(applied), isDryRun ? ' (dry run)' : '', session.style))
}

function toView(items: readonly JsonObject[], note: string, style: Style): string {
  return items.map((item) => `${toLine(item, style)}${note}\n${toWarnings(item, style)}`).join('')
}

function toLine({ kind, namespace, name, change }: JsonObject, style: Style): string {
  const paint = change === 'unchanged' ? style.dim : style.good
  return `${toSafeText([kind, namespace, name].map(toText).join('/'))} ${paint(toText(change))}`
}

function toWarnings(item: JsonObject, style: Style): string {
  return objectsOf(item, 'warnings')
    .map(({ path, message }) => `  ${style.warn('warning')}: ${toSafeText(`${toText(path)}: ${toText(message)}`)}\n`)
    .join('')
}
