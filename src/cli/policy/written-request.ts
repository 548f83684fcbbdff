import type { WrittenRequest } from '../../decide/written-question.ts'
import { CommandError } from '../command-error.ts'
import { readInput } from '../read-input.ts'
import type { AskOptions, RequestToken } from './options.ts'
import { parseSource } from './read-source.ts'

/** Anything longer is no token that a proxy would take in a header. */
const MAX_TOKEN_BYTES = 64 * 1024

interface RequestContext {
  readonly token: RequestToken
  /** What `ns/sa` as the source belongs to. */
  readonly trustDomain: string
}

/** The request that the options describe; throws `usage` and `file.unreadable`. */
export async function toWrittenRequest(options: AskOptions, context: RequestContext): Promise<WrittenRequest> {
  const { port, sourceIp, tcp = false, method, path, host, header = [] } = options
  const source = parseSource(options.source, context.trustDomain)
  const connection = { port, sourceIp, peer: toWrittenPeer(source, options.sni) }
  if (tcp) return { protocol: 'tcp', ...connection }
  const headers = [...header, ...(context.token === undefined ? [] : [await readToken(context.token)])]
  return { protocol: 'http', ...connection, method, path, host, headers }
}

/** The peer with this identity; null is plaintext. */
export function toWrittenPeer(source: string | null, sni: string | undefined): WrittenRequest['peer'] {
  if (source === null) return null
  return sni === undefined ? { uriSans: [source] } : { uriSans: [source], sni }
}

/** The header field that carries the token of a file. */
export async function readToken(file: string): Promise<readonly [name: string, value: string]> {
  const token = (await readInput(file, MAX_TOKEN_BYTES)).toString('utf8').trim()
  if (token === '' || /\s/.test(token)) throw CommandError.of('file.unreadable', `\`${file}\` holds no token`)
  return ['authorization', `Bearer ${token}`]
}
