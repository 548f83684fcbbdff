import { type Command, InvalidArgumentError, Option } from 'commander'
import { CRL_REASONS } from '../../pki/crl.ts'
import { addPageOptions, type PageOptions, parseSerial, toPageQuery } from '../arguments.ts'
import { field, timeField, toText } from '../cells.ts'
import { CommandError } from '../command-error.ts'
import { confirm } from '../confirm.ts'
import type { Io } from '../io.ts'
import { openSession, type Session } from '../session.ts'

/** `deny add|list|remove`: identities, certificates and public keys that get nothing any more. */
export function addDenyCommands(program: Command, io: Io): void {
  const deny = program.command('deny').description('the deny list: identities, certificates and keys that get nothing')
  addTargetOptions(deny.command('add'))
    .description('deny it from now on, and revoke the valid certificates that it has; safe to repeat')
    .requiredOption('--reason <text>', 'why, for the record')
    .addOption(
      new Option('--reason-code <code>', 'what CRLs say of the certificates; by the kind if absent').choices(
        Object.keys(CRL_REASONS),
      ),
    )
    .option('--yes', 'do not ask')
    .action((options: AddOptions, command: Command) => addDenied(openSession(io, command), options))
  addPageOptions(deny.command('list').description('list what is denied, newest first')).action(
    (options: PageOptions, command: Command) => listDenied(openSession(io, command), options),
  )
  addTargetOptions(deny.command('remove'))
    .description('let it have certificates again; those that were revoked stay revoked')
    .action((options: TargetOptions, command: Command) => removeDenied(openSession(io, command), options))
}

interface TargetOptions {
  readonly identity?: string
  readonly serial?: string
  readonly publicKey?: string
}

interface AddOptions extends TargetOptions {
  readonly reason: string
  readonly reasonCode?: string
  readonly yes?: boolean
}

function addTargetOptions(command: Command): Command {
  return command
    .option('--identity <id>', 'a SPIFFE ID')
    .option('--serial <serial>', 'a certificate', parseSerial)
    .option('--public-key <sha256>', 'SHA-256 of a SubjectPublicKeyInfo, hexadecimal', parseKeyHash)
}

function parseKeyHash(text: string): string {
  const bare = text.toLowerCase().replaceAll(':', '')
  if (!/^[0-9a-f]{64}$/.test(bare)) throw new InvalidArgumentError('it must be a SHA-256 in hexadecimal digits')
  return bare
}

/** Exactly one of the three, as the API names it. */
function targetOf({ identity, serial, publicKey }: TargetOptions): Readonly<Record<string, string>> {
  const given = Object.entries({ identity, serial, publicKey }).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined
  })
  if (given.length !== 1) throw CommandError.of('usage', 'give exactly one of --identity, --serial and --public-key')
  return Object.fromEntries(given)
}

async function addDenied(session: Session, { reason, reasonCode, yes, ...named }: AddOptions): Promise<void> {
  const target = targetOf(named)
  const [what = ''] = Object.values(target)
  if (yes !== true) await confirm(session, `Deny ${what}, and revoke the valid certificates that it has? [y/N] `)
  const body = { ...target, reason, ...(reasonCode === undefined ? {} : { reasonCode }) }
  const denial = await session.client().json({ method: 'POST', path: '/v1/denied', body })
  session.show(denial, () => `denied ${what}; certificates revoked: ${toText(denial.certificates)}\n`)
}

async function listDenied(session: Session, page: PageOptions): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/denied', query: toPageQuery(page) })
  session.showList(list, [
    field('KIND', 'kind'),
    field('VALUE', 'value'),
    timeField('SINCE', 'at', session.style),
    field('BY', 'actor'),
    field('REASON', 'reason'),
  ])
}

async function removeDenied(session: Session, named: TargetOptions): Promise<void> {
  const target = targetOf(named)
  const [what = ''] = Object.values(target)
  const answer = await session.client().json({ method: 'DELETE', path: '/v1/denied', query: target })
  session.show({ ...target, removed: true, ...answer }, () => `no longer denied: ${what}\n`)
}
