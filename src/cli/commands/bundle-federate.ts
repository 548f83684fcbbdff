import { type Command, Option } from 'commander'
import { addPageOptions, type PageOptions, toPageQuery } from '../arguments.ts'
import { toText } from '../cells.ts'
import { CommandError } from '../command-error.ts'
import { confirm } from '../confirm.ts'
import { federationColumns } from '../federation-columns.ts'
import type { Io } from '../io.ts'
import type { JsonObject } from '../json.ts'
import { readInput } from '../read-input.ts'
import { toSafeText } from '../safe-text.ts'
import { openSession, type Session } from '../session.ts'

/** `bundle federate add|list|refresh|remove`: foreign trust domains, whose bundles the server fetches. */
export function addFederateCommands(bundle: Command, io: Io): void {
  const federate = bundle.command('federate').description('foreign trust domains, whose bundles the server fetches')
  federate
    .command('add')
    .description('fetch the bundle of a trust domain now, and from then on at its refresh hint')
    .requiredOption('--trust-domain <name>', 'the foreign trust domain')
    .requiredOption('--url <url>', 'its bundle endpoint, https')
    .addOption(
      new Option('--profile <profile>', 'its server has a certificate of a public CA, or an SVID')
        .choices(['https_web', 'https_spiffe'])
        .makeOptionMandatory(),
    )
    .option('--endpoint-spiffe-id <id>', 'identity of its server, with https_spiffe')
    .option('--bundle <file>', 'its first bundle, SPIFFE JSON, with https_spiffe; - is standard input')
    .option('--allow-private-address', 'its server may be at a loopback, private or link-local address')
    .action((options: AddOptions, command: Command) => addFederation(openSession(io, command), options))
  addPageOptions(federate.command('list').description('list them, and how their bundles are')).action(
    (options: PageOptions, command: Command) => listFederation(openSession(io, command), options),
  )
  federate
    .command('refresh')
    .description('fetch the bundle of a trust domain now')
    .requiredOption('--trust-domain <name>', 'the foreign trust domain')
    .action((options: Named, command: Command) => refreshFederation(openSession(io, command), options))
  federate
    .command('remove')
    .description('end it: the bundle is deleted, and nobody of the trust domain is believed any more')
    .requiredOption('--trust-domain <name>', 'the foreign trust domain')
    .option('--yes', 'do not ask')
    .action((options: RemoveOptions, command: Command) => removeFederation(openSession(io, command), options))
}

interface Named {
  readonly trustDomain: string
}

interface RemoveOptions extends Named {
  readonly yes?: boolean
}

interface AddOptions extends Named {
  readonly url: string
  readonly profile: string
  readonly endpointSpiffeId?: string
  readonly bundle?: string
  readonly allowPrivateAddress?: boolean
}

const MAX_BUNDLE_BYTES = 512 * 1024

async function addFederation(session: Session, { bundle, ...options }: AddOptions): Promise<void> {
  const first = bundle === undefined ? {} : { bundle: await readBundle(bundle) }
  const body: JsonObject = { ...options, ...first }
  const added = await session.client().json({ method: 'POST', path: '/v1/federation', body })
  session.show(added, () => `federated with ${options.trustDomain}: ${toOutcome(added)}\n`)
}

async function readBundle(file: string): Promise<string> {
  const bytes = await readInput(file, MAX_BUNDLE_BYTES)
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw CommandError.of('usage', `\`${file}\` is larger than 512 KiB: no bundle is`)
  return bytes.toString('utf8')
}

async function listFederation(session: Session, page: PageOptions): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/federation', query: toPageQuery(page) })
  session.showList(list, federationColumns(session.style))
}

async function refreshFederation(session: Session, { trustDomain }: Named): Promise<void> {
  const path = `/v1/federation/${encodeURIComponent(trustDomain)}/refresh`
  const now = await session.client().json({ method: 'POST', path, body: {} })
  session.show(now, () => `${trustDomain}: ${toOutcome(now)}\n`)
}

async function removeFederation(session: Session, { trustDomain, yes }: RemoveOptions): Promise<void> {
  if (yes !== true) await confirm(session, `End the federation with ${trustDomain}, and delete its bundle? [y/N] `)
  const path = `/v1/federation/${encodeURIComponent(trustDomain)}`
  const answer = await session.client().json({ method: 'DELETE', path })
  session.show({ trustDomain, removed: true, ...answer }, () => `no longer federated with ${trustDomain}\n`)
}

/** How the last attempt went; what the other server said stands in the error. */
function toOutcome({ state, error, roots, sequence }: JsonObject): string {
  if (state === 'failing') return `the bundle could not be fetched, it is tried again: ${toSafeText(toText(error))}`
  return `${toText(roots)} roots, sequence ${toText(sequence) || 'none'}`
}
