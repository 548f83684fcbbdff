import { type Comparison, compareRecords } from '../audit/compare-records.ts'
import { forEachLog, parseHeadPayload } from '../audit/export-head.ts'
import { type ExportedRow, parseLine } from '../audit/export-line.ts'
import { readSignedHead } from '../audit/head-signature.ts'
import { LOGS, type LogName, type RecordRow } from '../audit/row.ts'
import { CommandError, NegativeResult } from './command-error.ts'
import { download } from './download.ts'
import { itemsOf } from './json.ts'
import { layTable } from './layout.ts'
import { readLines, splitLines } from './read-lines.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'
import { parseTarget } from './target.ts'
import { MAX_LINE_BYTES, toFaultView, trustedRoots, verifyExport } from './verify-audit.ts'

/** A certificate of the export that the record does not hold in its place. */
interface LostCertificate {
  readonly serial: string
  readonly identity: string
  readonly issuedAt: string
  readonly notAfter: string
  /** A restore with `--previous` wrote it into the record again, in another place. */
  readonly carriedOver: boolean
}

interface LostAction {
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string
}

const SHOWN = 100
/** Nothing was written since: an export from then on is its head alone. */
const NEVER = '9999-12-31T23:59:59Z'

/** `audit compare`: what an export holds that the record of the service does not; exit code 1 when there is something. */
export async function compareAudit(session: Session, file: string): Promise<void> {
  const verified = await verifyExport(file, { roots: await trustedRoots(session), earlier: null })
  if ('message' in verified) {
    session.show({ ok: false, problem: verified }, () => toFaultView(verified, session))
    throw new NegativeResult()
  }
  const newest = await newestOf(session)
  const exported = rowsOf(readLines(file, MAX_LINE_BYTES))
  const compared = await compareRecords({ exported, record: rowsOf(linesOf(session, undefined)), newest })
  const certificates = await lostCertificates(session, compared.lost)
  const actions = compared.lost.flatMap(toAction)
  const ok = LOGS.every((log) => compared.logs[log].lost === 0)
  session.show({ ok, file, logs: compared.logs, certificates, actions }, () => {
    if (ok) return `${session.style.good('whole')}: the record holds all of ${toSafeText(file)}\n`
    return toView(session, { file, compared, certificates, actions })
  })
  if (!ok) throw new NegativeResult()
}

/** The rows of an export, its head left out. */
async function* rowsOf(lines: AsyncIterable<string>): AsyncGenerator<ExportedRow> {
  for await (const text of lines) {
    const line = parseLine(text)
    if (line.kind === 'row') yield line
  }
}

function linesOf({ options }: Session, since: string | undefined): AsyncGenerator<string> {
  const target = parseTarget(options)
  const bytes = download(target, { method: 'GET', path: '/v1/audit/export', query: { since } })
  return splitLines(bytes, { name: 'the record', maxBytes: MAX_LINE_BYTES })
}

async function newestOf(session: Session): Promise<Readonly<Record<LogName, number>>> {
  for await (const text of linesOf(session, NEVER)) {
    const line = parseLine(text)
    if (line.kind === 'row') continue
    const { logs } = parseHeadPayload(readSignedHead(line.jws).payload)
    return forEachLog((log) => logs[log].to.sequence)
  }
  throw CommandError.of('server.response_invalid', 'the export of the record has no head')
}

/** Asks for each by its serial: what a restore carried over stands in another place. */
async function lostCertificates(session: Session, lost: readonly RecordRow[]): Promise<readonly LostCertificate[]> {
  const found: LostCertificate[] = []
  for (const row of lost) {
    if (row.log !== 'intents') continue
    const { identity, issuedAt, notAfter } = row.fields
    const serial = Buffer.from(row.fields.serial).toString('hex')
    const list = await session.client().json({ method: 'GET', path: '/v1/issued', query: { serial, limit: '1' } })
    const times = { issuedAt: toTime(issuedAt), notAfter: toTime(notAfter * 1000) }
    found.push({ serial, identity, ...times, carriedOver: itemsOf(list).length > 0 })
  }
  return found
}

function toAction(row: RecordRow): readonly LostAction[] {
  return row.log === 'actions' ? [{ ...row.fields, at: toTime(row.fields.at) }] : []
}

interface Shown {
  readonly file: string
  readonly compared: Comparison
  readonly certificates: readonly LostCertificate[]
  readonly actions: readonly LostAction[]
}

function toView({ style }: Session, { file, compared: { logs }, certificates, actions }: Shown): string {
  const parted = LOGS.filter((log) => logs[log].lost > 0).map((log) => `row ${logs[log].common} of ${log}`)
  const heading = `${style.bad('NOT THE SAME')}: ${toSafeText(file)} goes on otherwise behind ${parted.join(', ')}\n`
  const issued = layTable(
    [
      { heading: 'ISSUED', cell: ({ issuedAt }) => style.shortTime(issuedAt) },
      { heading: 'SERIAL', cell: ({ serial }) => serial },
      { heading: 'IDENTITY', cell: ({ identity }) => identity },
      { heading: 'EXPIRES', cell: ({ notAfter }) => style.shortTime(notAfter) },
      { heading: 'IN THE RECORD', cell: ({ carriedOver }) => (carriedOver ? 'carried over' : 'no') },
    ],
    certificates.slice(0, SHOWN),
    style,
  )
  const done = layTable(
    [
      { heading: 'DONE', cell: ({ at }) => style.shortTime(at) },
      { heading: 'ACTOR', cell: ({ actor }) => actor },
      { heading: 'ACTION', cell: ({ action }) => action },
      { heading: 'TARGET', cell: ({ target }) => target },
    ],
    actions.slice(0, SHOWN),
    style,
  )
  return [
    heading,
    logs.intents.lost > 0 ? `\n${issued}${toMore(logs.intents.lost)}` : '',
    logs.actions.lost > 0 ? `\n${done}${toMore(logs.actions.lost)}` : '',
  ].join('')
}

function toMore(count: number): string {
  return count > SHOWN ? `${count - SHOWN} more: --output json has up to 10,000\n` : ''
}

function toTime(millis: number): string {
  return new Date(millis).toISOString()
}
