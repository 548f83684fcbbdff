import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { CommandError } from './command-error.ts'
import { type JsonObject, parseJsonObject } from './json.ts'
import { toRefusal } from './refusal.ts'
import type { Target } from './target.ts'
import { toTransportError } from './transport-error.ts'

/** One request to the API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Plain data, sent as JSON. */
  readonly body?: object
}

/** The API as commands see it; throws `CommandError` when the server is not reached or says no. */
export interface Client {
  /** The answer's JSON object; an empty one for an answer without a body. */
  json(call: Call): Promise<JsonObject>
  /** The answer's text. */
  text(call: Call): Promise<string>
  /** The answer with its headers. */
  answer(call: Call): Promise<Answer>
}

const TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** A client of the server at `target`: one connection for each request, no redirects, every answer bounded in time and size. */
export function openClient(target: Target, timeoutMs = TIMEOUT_MS): Client {
  const answer = async (call: Call) => {
    const answered = await exchange(target, call, timeoutMs)
    const { status, body } = answered
    if (status < 200 || status > 299) throw toRefusal(status, body)
    return answered
  }
  const text = async (call: Call) => (await answer(call)).body
  return {
    answer,
    text,
    json: async (call) => {
      const body = await text(call)
      return body === '' ? {} : parseJsonObject(body)
    },
  }
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function exchange(target: Target, call: Call, timeoutMs: number): Promise<Answer> {
  const request = await openRequest(target)
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const outgoing = request(toRequestOptions(target, call, { body, signal }), (incoming) => {
        readAnswer(incoming).then(resolve, reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  } catch (error) {
    if (signal.aborted)
      throw CommandError.of('server.timeout', `the server did not answer within ${timeoutMs / 1000} s`)
    throw toTransportError(error, target)
  }
}

/** Node's `request` for the target; loaded when it is needed. */
export async function openRequest(target: Target) {
  return target.kind === 'socket' ? (await import('node:http')).request : (await import('node:https')).request
}

interface Outgoing {
  readonly body: string | undefined
  readonly signal: AbortSignal
}

/** What Node's `request` is given for one call. */
export function toRequestOptions(target: Target, call: Call, { body, signal }: Outgoing): RequestOptions {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, value)
  const path = query.size === 0 ? call.path : `${call.path}?${query}`
  const content =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
  const common = { method: call.method, path, signal, agent: false as const }
  if (target.kind === 'socket') return { ...common, socketPath: target.path, headers: { host: 'alcazar', ...content } }
  const { url, ca, cert, key, token } = target
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    ...common,
    ...{ ca, cert, key, minVersion: 'TLSv1.2' },
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 443 : Number(url.port),
    headers: { ...content, ...authorization },
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw CommandError.of('server.response_invalid', 'the answer is larger than 64 MiB')
    chunks.push(chunk)
  }
  const { statusCode = 0, headers } = incoming
  return { status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') }
}
