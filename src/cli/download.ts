import type { IncomingMessage } from 'node:http'
import { type Call, openRequest, toRequestOptions } from './client.ts'
import { CommandError } from './command-error.ts'
import { toRefusal } from './refusal.ts'
import type { Target } from './target.ts'
import { toTransportError } from './transport-error.ts'

/** How long the server may send nothing. */
const IDLE_MS = 60_000
const MAX_REFUSAL_BYTES = 65_536

/** The bytes of an answer of any length, as they come; throws `CommandError` for a refusal or a broken connection. */
export async function* download(target: Target, call: Call): AsyncGenerator<Buffer> {
  const stop = new AbortController()
  try {
    const incoming = await open(target, call, stop.signal)
    const status = incoming.statusCode ?? 0
    if (status < 200 || status > 299) throw toRefusal(status, await textOf(incoming))
    yield* incoming
    if (!incoming.complete) throw CommandError.of('server.unreachable', 'the connection broke within the answer')
  } catch (error) {
    throw toTransportError(error, target)
  } finally {
    stop.abort()
  }
}

async function open(target: Target, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const request = await openRequest(target)
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  return new Promise((resolve, reject) => {
    const outgoing = request(toRequestOptions(target, call, { body, signal }), resolve)
    outgoing.on('error', reject)
    outgoing.setTimeout(IDLE_MS, () => {
      outgoing.destroy(CommandError.of('server.timeout', `the server sent nothing for ${IDLE_MS / 1000} s`))
    })
    outgoing.end(body)
  })
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of incoming.setEncoding('utf8')) {
    text += piece
    if (text.length > MAX_REFUSAL_BYTES) break
  }
  return text
}
