import { type Command, Option } from 'commander'
import { KEY_TYPES, type KeyType } from '../../pki/key-types.ts'
import { addPageOptions, type PageOptions, parseSerial, parseTtl, timeParser, toPageQuery } from '../arguments.ts'
import { field, timeField, toText } from '../cells.ts'
import { confirm } from '../confirm.ts'
import type { Io } from '../io.ts'
import { toRestoredText } from '../restored-text.ts'
import { openSession, type Session } from '../session.ts'
import { addJoinTokenOptions, type JoinTokenOptions } from './join-token-options.ts'

/** `cert issue|list|show|revoke`. */
export function addCertCommands(program: Command, io: Io): void {
  const cert = program.command('cert').description('certificates: issue by hand, list, explain, revoke')
  addIssue(cert, io)
  addList(cert, io)
  cert
    .command('show')
    .description('explain the certificates and CSRs of a file, or what the record has of a serial')
    .argument('<file|serial>', 'PEM or DER file, or a serial that was issued')
    .action(async (what: string, _options: object, command: Command) => {
      const { showCertificate } = await import('../show-certificate.ts')
      await showCertificate(openSession(io, command), what)
    })
  cert
    .command('revoke')
    .description('put a certificate on the deny list and the CRL')
    .argument('<serial>', 'serial of the certificate', parseSerial)
    .option('--reason <text>', 'why, for the record')
    .option('--yes', 'do not ask')
    .action((serial: string, options: RevokeOptions, command: Command) => {
      return revoke(openSession(io, command), serial, options)
    })
}

function addIssue(cert: Command, io: Io): void {
  const issue = cert
    .command('issue')
    .description('make a key here, get a certificate for it, and write both')
    .option('--identity <id>', 'SPIFFE ID to issue for; without a proof of one, for administrators only')
    .requiredOption('--out <dir>', 'where cert-chain.pem, key.pem and root-cert.pem go')
    .option('--ttl <duration>', 'how long it is valid, such as 1h', parseTtl)
    .addOption(new Option('--key-type <type>', 'kind of the key').choices(KEY_TYPES).default('ec-p256'))
    .option('--force', 'replace files of another identity')
  addJoinTokenOptions(issue).action(async (options: IssueOptions, command: Command) => {
    const { issueCertificate } = await import('../issue-certificate.ts')
    await issueCertificate(openSession(io, command), options)
  })
}

/** The options of `cert issue`. */
export interface IssueOptions extends JoinTokenOptions {
  readonly identity?: string
  readonly out: string
  readonly ttl?: string | number
  readonly keyType: KeyType
  readonly force?: boolean
}

interface ListOptions extends PageOptions {
  readonly identity?: string
  readonly serial?: string
  readonly since?: string
  readonly until?: string
}

function addList(cert: Command, io: Io): void {
  const parseTime = timeParser(io.now)
  const list = cert
    .command('list')
    .description('list what was issued, newest first')
    .option('--identity <id>', 'only for this SPIFFE ID')
    .option('--serial <serial>', 'only this serial', parseSerial)
    .option('--since <time>', 'issued at this time or later: a time, or how long ago, such as 24h', parseTime)
    .option('--until <time>', 'issued at this time or earlier', parseTime)
  addPageOptions(list).action((options: ListOptions, command: Command) => listIssued(openSession(io, command), options))
}

async function listIssued(session: Session, options: ListOptions): Promise<void> {
  const { identity, serial, since, until } = options
  const query = { identity, serial, since, until, ...toPageQuery(options) }
  const list = await session.client().json({ method: 'GET', path: '/v1/issued', query })
  session.showList(list, [
    field('SERIAL', 'serial'),
    field('IDENTITY', 'identity'),
    timeField('ISSUED', 'issuedAt', session.style),
    timeField('EXPIRES', 'notAfter', session.style),
    field('KIND', 'kind'),
    field('BY', 'attestor'),
    {
      ...field('OUTCOME', 'outcome'),
      paint: (text, item) => (toText(item.outcome) === 'issued' ? text : session.style.warn(text)),
    },
  ])
  const restored = toRestoredText(list, session.style)
  if (restored !== undefined && session.options.output === 'table')
    session.io.stderr.write(`this record was restored ${restored}\n`)
}

interface RevokeOptions {
  readonly reason?: string
  readonly yes?: boolean
}

async function revoke(session: Session, serial: string, { reason, yes }: RevokeOptions): Promise<void> {
  if (yes !== true) await confirm(session, `Revoke certificate ${serial}? It cannot be undone. [y/N] `)
  const answer = await session.client().json({ method: 'DELETE', path: `/v1/issued/${serial}`, query: { reason } })
  session.show({ serial, revoked: true, ...answer }, () => `revoked ${serial}\n`)
}
