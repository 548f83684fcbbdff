import { JOIN_TOKEN_PREFIX } from '../identity/join-token.ts'
import { CommandError } from './command-error.ts'
import type { JoinTokenOptions } from './commands/join-token-options.ts'
import { readInput } from './read-input.ts'

const ENOUGH_BYTES = 1024

/** The join token that was given, itself or in a file; undefined where there is none. */
export async function readJoinToken({ joinToken, joinTokenFile }: JoinTokenOptions): Promise<string | undefined> {
  if (joinTokenFile === undefined) return joinToken
  const text = (await readInput(joinTokenFile, ENOUGH_BYTES)).toString('utf8').trim()
  // what a wrong path names, such as a private key, is not for the server
  if (text.startsWith(JOIN_TOKEN_PREFIX) && text.length <= ENOUGH_BYTES && !/\s/.test(text)) return text
  throw CommandError.of('usage', `\`${joinTokenFile}\` holds no join token: they begin with ${JOIN_TOKEN_PREFIX}`)
}
