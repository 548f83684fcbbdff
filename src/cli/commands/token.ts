import type { Command } from 'commander'
import { addPageOptions, type PageOptions, parseCount, parseTtl, toPageQuery } from '../arguments.ts'
import { field, timeField, toText } from '../cells.ts'
import type { Io } from '../io.ts'
import { layFields } from '../layout.ts'
import { openSession, type Session } from '../session.ts'

interface CreateOptions {
  readonly identity: string
  readonly ttl?: string | number
  readonly uses?: number
}

/** `token create|list|revoke`: join tokens, for workloads that have no other proof of who they are. */
export function addTokenCommands(program: Command, io: Io): void {
  const token = program.command('token').description('join tokens, for workloads that have no other proof')
  token
    .command('create')
    .description('make a join token; its secret is shown this once')
    .requiredOption('--identity <id>', 'SPIFFE ID that its bearer gets')
    .option('--ttl <duration>', 'how long it can be used, such as 10m', parseTtl)
    .option('--uses <n>', 'how often it can be used', parseCount)
    .action((options: CreateOptions, command: Command) => createToken(openSession(io, command), options))
  addPageOptions(token.command('list').description('list join tokens, without their secrets')).action(
    (options: PageOptions, command: Command) => listTokens(openSession(io, command), options),
  )
  token
    .command('revoke')
    .description('end a join token at once')
    .argument('<id>', 'id of the token, from `token list`')
    .action((id: string, _options: object, command: Command) => revokeToken(openSession(io, command), id))
}

async function createToken(session: Session, { identity, ttl, uses }: CreateOptions): Promise<void> {
  const body = { identity, ...(ttl === undefined ? {} : { ttl }), ...(uses === undefined ? {} : { uses }) }
  const token = await session.client().json({ method: 'POST', path: '/v1/tokens', body })
  session.show(token, () =>
    layFields(
      [
        ['Token', toText(token.token)],
        ['Identity', toText(token.identity)],
        ['Expires', session.style.time(toText(token.expiresAt))],
        ['Uses', toText(token.uses)],
        ['Id', toText(token.id)],
      ],
      session.style,
    ),
  )
}

async function listTokens(session: Session, page: PageOptions): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/tokens', query: toPageQuery(page) })
  session.showList(list, [
    field('ID', 'id'),
    field('IDENTITY', 'identity'),
    timeField('EXPIRES', 'expiresAt', session.style),
    field('USES', 'uses'),
    field('USED', 'used'),
    field('REVOKED', 'revoked'),
  ])
}

async function revokeToken(session: Session, id: string): Promise<void> {
  const answer = await session.client().json({ method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}` })
  session.show({ id, revoked: true, ...answer }, () => `revoked ${id}\n`)
}
