import type { Command } from 'commander'
import { addPageOptions, type PageOptions, timeParser, toPageQuery } from '../arguments.ts'
import { field, timeField } from '../cells.ts'
import type { Io } from '../io.ts'
import { openSession, type Session } from '../session.ts'

interface ListOptions extends PageOptions {
  readonly since?: string
}

/** `audit list|verify|compare|export`: what was done and issued, and the proof that nobody changed the record since. */
export function addAuditCommands(program: Command, io: Io): void {
  const audit = program.command('audit').description('the record: what was done, and that nobody changed it since')
  const parseTime = timeParser(io.now)
  const list = audit
    .command('list')
    .description('list what administrators and the service did, oldest first')
    .option('--since <time>', 'from this time on: a time, or how long ago, such as 24h', parseTime)
  addPageOptions(list).action((options: ListOptions, command: Command) => listAudit(openSession(io, command), options))
  audit
    .command('verify')
    .description('name the first row that does not fit: of the running service, or of exports by their signed heads')
    .argument('[file...]', 'exports, oldest first; each must go on where the one before ended')
    .addHelpText(
      'after',
      '\nExports are verified against the roots of --cacert; without it, of bundle.pem beside the admin socket.',
    )
    .action(async (files: readonly string[], _options: object, command: Command) => {
      const { verifyExports, verifyServer } = await import('../verify-audit.ts')
      const session = openSession(io, command)
      await (files.length === 0 ? verifyServer(session) : verifyExports(session, files))
    })
  audit
    .command('compare')
    .description('show what an export holds that the record of the running service does not, as after a restore')
    .argument('<file>', 'an export of the record as it was before')
    .addHelpText(
      'after',
      '\nThe export is verified first, against the roots of --cacert or of bundle.pem beside the socket.',
    )
    .action(async (file: string, _options: object, command: Command) => {
      const { compareAudit } = await import('../compare-audit.ts')
      await compareAudit(openSession(io, command), file)
    })
  audit
    .command('export')
    .description('print the whole record as JSON lines, with a head that the authority signed')
    .option('--since <time>', 'only from this time on', parseTime)
    .addHelpText('after', '\nExample:\n  alcazar audit export > record.jsonl && alcazar audit verify record.jsonl')
    .action(async ({ since }: { since?: string }, command: Command) => {
      const { exportAudit } = await import('../export-audit.ts')
      await exportAudit(openSession(io, command), since)
    })
}

async function listAudit(session: Session, { since, ...page }: ListOptions): Promise<void> {
  const query = { since, ...toPageQuery(page) }
  const list = await session.client().json({ method: 'GET', path: '/v1/audit', query })
  session.showList(list, [
    field('SEQUENCE', 'sequence'),
    timeField('AT', 'at', session.style),
    field('ACTOR', 'actor'),
    field('ACTION', 'action'),
    field('TARGET', 'target'),
    field('DETAIL', 'detail'),
  ])
}
