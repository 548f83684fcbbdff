import { download } from './download.ts'
import type { Session } from './session.ts'
import { parseTarget } from './target.ts'

/** Prints the export as it comes: it is JSON lines in ASCII, whatever `--output` says. */
export async function exportAudit(session: Session, since: string | undefined): Promise<void> {
  const target = parseTarget(session.options)
  for await (const bytes of download(target, { method: 'GET', path: '/v1/audit/export', query: { since } })) {
    session.io.stdout.write(bytes.toString('latin1'))
  }
}
