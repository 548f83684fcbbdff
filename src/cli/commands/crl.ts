import { type Command, Option } from 'commander'
import { field, timeField, toText } from '../cells.ts'
import type { Io } from '../io.ts'
import { itemsOf } from '../json.ts'
import { toSafeText } from '../safe-text.ts'
import { openSession, type Session } from '../session.ts'

/** `crl show`: which certificates were revoked, for clients that read CRLs. */
export function addCrlCommands(program: Command, io: Io): void {
  const crl = program.command('crl').description('certificate revocation lists')
  crl
    .command('show')
    .description('list the CRLs of the trusted authorities, or print them')
    .addOption(new Option('--format <format>', 'table, or pem for files').choices(['table', 'pem']).default('table'))
    .action((options: { readonly format: 'table' | 'pem' }, command: Command) => {
      const session = openSession(io, command)
      return options.format === 'pem' ? printCrls(session) : listCrls(session)
    })
}

async function printCrls(session: Session): Promise<void> {
  const pem = await session.client().text({ method: 'GET', path: '/v1/crl' })
  session.show({ pem }, () => pem.replace(/[^\n\x20-\x7e]/g, ''))
}

async function listCrls(session: Session): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/crls' })
  session.showList(list, [
    field('AUTHORITY', 'authority'),
    field('KIND', 'kind'),
    field('NUMBER', 'number'),
    timeField('UPDATED', 'thisUpdate', session.style),
    timeField('EXPIRES', 'nextUpdate', session.style),
    field('REVOKED', 'entries'),
  ])
  for (const { authority, warning } of itemsOf(list)) {
    if (typeof warning !== 'string') continue
    session.io.stderr.write(`warning: ${toSafeText(`${toText(authority)}: ${warning}`)}\n`)
  }
}
