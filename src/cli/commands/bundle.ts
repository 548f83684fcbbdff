import { type Command, Option } from 'commander'
import type { Answer } from '../client.ts'
import type { Io } from '../io.ts'
import { parseJsonObject } from '../json.ts'
import { toSafeJsonText } from '../safe-text.ts'
import { openSession, type Session } from '../session.ts'
import { toSpan } from '../style.ts'
import { addFederateCommands } from './bundle-federate.ts'

/** `bundle show`: the roots that clients trust; `bundle federate`: those of other trust domains. */
export function addBundleCommands(program: Command, io: Io): void {
  const bundle = program.command('bundle').description('the trust bundle')
  bundle
    .command('show')
    .description('print the roots that clients trust')
    .option('--trust-domain <name>', 'those of a trust domain that the server federates with')
    .addOption(
      new Option(
        '--format <format>',
        'pem for files (default for people), spiffe for federation (default with --output json)',
      ).choices(['pem', 'spiffe']),
    )
    .action((options: ShowOptions, command: Command) => showBundle(openSession(io, command), options))
  addFederateCommands(bundle, io)
}

interface ShowOptions {
  readonly trustDomain?: string
  readonly format?: 'pem' | 'spiffe'
}

async function showBundle(session: Session, { trustDomain, format: wanted }: ShowOptions): Promise<void> {
  const format = wanted ?? (session.options.output === 'json' ? 'spiffe' : 'pem')
  const path = format === 'spiffe' ? '/v1/bundle' : '/v1/bundle.pem'
  const { body, headers } = await session.client().answer({ method: 'GET', path, query: { trustDomain } })
  if (format === 'pem') session.show({ pem: body }, () => body.replace(/[^\n\x20-\x7e]/g, ''))
  else printSpiffe(session, body)
  warnOfAge(session, headers)
}

/** As it came: a sequence may be wider than a number of JavaScript. */
function printSpiffe({ io }: Session, text: string): void {
  parseJsonObject(text)
  io.stdout.write(`${toSafeJsonText(text)}\n`)
}

/** The server says so of a bundle that it could not have confirmed in time (RFC 9211 §2.4). */
function warnOfAge({ io }: Session, { age = '', 'cache-status': freshness }: Answer['headers']): void {
  if (!/^\d+$/.test(age) || !/; ttl=-\d+$/.test(String(freshness))) return
  const span = toSpan(Number(age))
  io.stderr.write(`warning: it is stale: its server confirmed it ${span} ago, see alcazar bundle federate list\n`)
}
