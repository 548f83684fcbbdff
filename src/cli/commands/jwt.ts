import type { Command } from 'commander'
import { parseTtl } from '../arguments.ts'
import { toText } from '../cells.ts'
import type { Io } from '../io.ts'
import { layFields } from '../layout.ts'
import { openSession, type Session } from '../session.ts'
import { addJoinTokenOptions, type JoinTokenOptions } from './join-token-options.ts'

interface IssueOptions extends JoinTokenOptions {
  readonly audience: readonly string[]
  readonly identity?: string
  readonly ttl?: string | number
}

/** `jwt issue`: a JWT-SVID, for services that take tokens and no certificates. */
export function addJwtCommands(program: Command, io: Io): void {
  const jwt = program.command('jwt').description('JWT-SVIDs, for services that take tokens and no certificates')
  const issue = jwt
    .command('issue')
    .description('issue a JWT-SVID')
    .requiredOption('--audience <name...>', 'the service that it is for; best one alone')
    .option('--identity <id>', 'SPIFFE ID to issue for; for administrators only')
    .option('--ttl <duration>', 'how long it is valid, such as 1m', parseTtl)
  addJoinTokenOptions(issue, ['identity']).action((options: IssueOptions, command: Command) =>
    issueJwt(openSession(io, command), options),
  )
}

async function issueJwt(session: Session, options: IssueOptions): Promise<void> {
  const { audience, identity, ttl } = options
  const { readJoinToken } = await import('../read-join-token.ts')
  const joinToken = await readJoinToken(options)
  const body = {
    audiences: audience,
    ...(ttl === undefined ? {} : { ttl }),
    ...(identity === undefined ? {} : { identity }),
    ...(joinToken === undefined ? {} : { joinToken }),
  }
  const issued = await session.client().json({ method: 'POST', path: '/v1/jwts', body })
  session.show(issued, () =>
    layFields(
      [
        ['Token', toText(issued.token)],
        ['Identity', toText(issued.identity)],
        ['Expires', session.style.time(toText(issued.expiresAt))],
        ['Key', toText(issued.kid)],
      ],
      session.style,
    ),
  )
}
