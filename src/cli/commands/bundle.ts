import { type Command, Option } from 'commander'
import type { Io } from '../io.ts'
import { toSafeJson } from '../safe-text.ts'
import { openSession, type Session } from '../session.ts'
import { addFederateCommands } from './bundle-federate.ts'

/** `bundle show`: the roots that clients trust; `bundle federate`: those of other trust domains. */
export function addBundleCommands(program: Command, io: Io): void {
  const bundle = program.command('bundle').description('the trust bundle')
  bundle
    .command('show')
    .description('print the roots that clients trust')
    .addOption(
      new Option(
        '--format <format>',
        'pem for files (default for people), spiffe for federation (default with --output json)',
      ).choices(['pem', 'spiffe']),
    )
    .action((options: { format?: 'pem' | 'spiffe' }, command: Command) => {
      return showBundle(openSession(io, command), options.format)
    })
  addFederateCommands(bundle, io)
}

async function showBundle(session: Session, wanted: 'pem' | 'spiffe' | undefined): Promise<void> {
  const format = wanted ?? (session.options.output === 'json' ? 'spiffe' : 'pem')
  if (format === 'spiffe') {
    const bundle = await session.client().json({ method: 'GET', path: '/v1/bundle' })
    session.show(bundle, () => `${toSafeJson(bundle)}\n`)
    return
  }
  const pem = await session.client().text({ method: 'GET', path: '/v1/bundle.pem' })
  session.show({ pem }, () => pem.replace(/[^\n\x20-\x7e]/g, ''))
}
