import type { Command } from 'commander'
import { inUse } from '../authority/list-authorities.ts'
import { field, timeField, toText } from '../cells.ts'
import { federationColumns } from '../federation-columns.ts'
import type { Io } from '../io.ts'
import { type JsonObject, objectOf, objectsOf } from '../json.ts'
import { layFields, layTable } from '../layout.ts'
import { toRestoredText } from '../restored-text.ts'
import { toSafeText } from '../safe-text.ts'
import { openSession, type Session } from '../session.ts'
import type { Style } from '../style.ts'

/** `status`: whether the service is well, and what expires next. */
export function addStatusCommand(program: Command, io: Io): void {
  program
    .command('status')
    .description('whether the service is well, its authorities and what expires next')
    .action((_options: object, command: Command) => showStatus(openSession(io, command)))
}

async function showStatus(session: Session): Promise<void> {
  const status = await session.client().json({ method: 'GET', path: '/v1/status' })
  session.show(status, () => toView(status, session.style))
}

function toView(status: JsonObject, style: Style): string {
  const bundle = objectOf(status, 'bundle')
  const record = objectOf(status, 'record')
  const summary = layFields(
    [
      ['Trust domain', toText(status.trustDomain)],
      ['Version', toText(status.version)],
      ['Started', style.time(toText(status.startedAt))],
      ['Record', `${record.ok === true ? 'in order' : 'NOT WRITABLE'}, ${toText(record.depth)} waiting`],
      ['Restored', toRestoredText(record, style)],
      ['Keys', typeof status.token === 'string' ? `in the PKCS #11 token ${status.token}` : 'in files'],
      ['Bundle', `sequence ${toText(bundle.sequence)}, ${toText(bundle.roots)} trusted roots`],
      ['Resources', toResourcesText(objectOf(status, 'resources'))],
      ...objectsOf(objectOf(status, 'resources'), 'watched').map(
        (watched) => ['Watched', toWatchedText(watched)] as const,
      ),
      ['Own certificate', `expires ${style.time(toText(objectOf(status, 'servingCertificate').notAfter))}`],
      ...objectsOf(status, 'listeners').map(
        ({ name, address }) => ['Listening', `${toText(name)} ${toText(address)}`] as const,
      ),
    ],
    style,
  )
  const authorities = layTable(
    [
      field('AUTHORITY', 'kind'),
      field('ID', 'id'),
      field('KEY', 'keyType'),
      timeField('EXPIRES', 'notAfter', style),
      { ...field('STATE', 'state'), paint: (text, item) => (item.state === 'active' ? style.good(text) : text) },
    ],
    inUse(objectsOf(status, 'authorities')),
    style,
  )
  return `${toHeading(status, style)}${summary}\n${authorities}${toFederation(status, style)}`
}

/** Nothing where there is no foreign trust domain. */
function toFederation(status: JsonObject, style: Style): string {
  const domains = objectsOf(status, 'federation')
  return domains.length === 0 ? '' : `\n${layTable(federationColumns(style), domains, style)}`
}

function toResourcesText({ loaded, version, count }: JsonObject): string {
  if (loaded !== true) return 'NOT LOADED: every decision is refused'
  return `${toText(count)} at version ${toText(version)}`
}

function toWatchedText({ directory, ok, problem }: JsonObject): string {
  return ok === true ? `${toText(directory)} in force` : `${toText(directory)} NOT IN FORCE: ${toText(problem)}`
}

/** Ready or not, and what is wrong. */
function toHeading(status: JsonObject, style: Style): string {
  const { problems } = status
  const reasons = Array.isArray(problems) ? problems.map((problem) => `  ${toSafeText(toText(problem))}\n`) : []
  return `${status.ready === true ? style.good('ready') : style.bad('NOT READY')}\n${reasons.join('')}`
}
