import type { Command } from 'commander'
import { field, timeField, toText } from '../cells.ts'
import type { Io } from '../io.ts'
import { type JsonObject, objectOf, objectsOf } from '../json.ts'
import { layFields, layTable } from '../layout.ts'
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
      ['Ready', status.ready === true ? 'yes' : 'no'],
      ['Record', `${record.ok === true ? 'in order' : 'NOT WRITABLE'}, ${toText(record.depth)} waiting`],
      ['Bundle', `sequence ${toText(bundle.sequence)}, ${toText(bundle.roots)} trusted roots`],
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
    objectsOf(status, 'authorities'),
    style,
  )
  return `${toSafeHeading(status, style)}${summary}\n${authorities}`
}

function toSafeHeading(status: JsonObject, style: Style): string {
  const name = toSafeText(toText(status.trustDomain))
  return status.ready === true ? style.good(`${name} is ready\n`) : style.bad(`${name} is NOT ready\n`)
}
