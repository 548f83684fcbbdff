import type { Command } from 'commander'
import type { Io } from '../io.ts'

/** What `policy check` and `policy explain` are asked, as given. */
export interface AskOptions {
  /** `ns/name`, or a file. */
  readonly workload: string
  /** Files and directories; absent: the policies that are in force on the server. */
  readonly policies?: readonly string[]
  readonly mesh?: string
  readonly source: string
  readonly sourceIp: string
  readonly sni?: string
  readonly port: number
  readonly tcp?: boolean
  readonly method: string
  readonly path: string
  readonly host: string
  readonly header?: readonly (readonly [name: string, value: string])[]
}

/** The file of the token of the request; undefined where none is given. */
export type RequestToken = string | undefined

/**
 * `--token` of these commands is the request's. As every command knows an option of this name for its server, it is
 * taken from there; what remains for the server is `ALCAZAR_TOKEN`.
 */
export function takeRequestToken(command: Command, io: Io): RequestToken {
  let program = command
  while (program.parent !== null) program = program.parent
  if (program.getOptionValueSource('token') !== 'cli') return undefined
  const file: unknown = program.getOptionValue('token')
  program.setOptionValueWithSource('token', io.env.ALCAZAR_TOKEN || undefined, 'default')
  return typeof file === 'string' ? file : undefined
}
