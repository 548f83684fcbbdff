import { type Command, Option } from 'commander'

/** A join token as it is given to a command; see `readJoinToken`. */
export interface JoinTokenOptions {
  readonly joinToken?: string
  readonly joinTokenFile?: string
}

/** Adds the two ways to give a join token; `conflicting` are the names of options that cannot go with one. */
export function addJoinTokenOptions(command: Command, conflicting: readonly string[] = []): Command {
  const proof = 'proof of who asks, from `token create`'
  const given = new Option('--join-token <token>', `${proof}; other users of this machine see it`)
  const inFile = new Option('--join-token-file <file>', `${proof}, in a file; \`-\` is standard input`)
  return command
    .addOption(given.conflicts([...conflicting, 'joinTokenFile']))
    .addOption(inFile.conflicts([...conflicting]))
}
