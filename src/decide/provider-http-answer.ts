import type { IncomingMessage } from 'node:http'
import { StringDecoder } from 'node:string_decoder'
import type { HeaderNames } from './header-names.ts'
import type { ProviderAnswer } from './provider.ts'
import { type HeaderField, isEndToEnd, MAX_BODY_BYTES, ProviderError, toRefusal } from './provider-answer.ts'

/** Which fields of an answer go where. */
export interface AnswerHeaders {
  readonly toUpstream: HeaderNames
  readonly toDownstream: HeaderNames
}

/** Envoy's header by which an HTTP authorizer has fields of the request removed. */
const REMOVE = 'x-envoy-auth-headers-to-remove'

/** What a response means: 200 grants, 5xx is no answer (`ProviderError`), everything else refuses, with its body cut. */
export async function toHttpAnswer(response: IncomingMessage, rules: AnswerHeaders): Promise<ProviderAnswer> {
  const status = response.statusCode ?? 0
  if (status >= 500) {
    response.destroy()
    throw new ProviderError(`it answered with ${status}`)
  }
  const body = await readBody(response)
  const fields = fieldsOf(response)
  if (status !== 200) {
    const passed = fields.filter(([name]) => rules.toDownstream(name))
    const isText = response.headers['content-encoding'] === undefined
    return toRefusal(status, passed, isText ? body : '')
  }
  // Of a field that it sends twice Envoy keeps the last.
  const headers = new Map(fields.filter(([name]) => rules.toUpstream(name) && isEndToEnd(name)))
  const remove = fields.filter(([name]) => name === REMOVE).flatMap(([, value]) => namesIn(value))
  return { granted: true, headers: [...headers], remove: remove.filter(isEndToEnd) }
}

function fieldsOf({ rawHeaders }: IncomingMessage): HeaderField[] {
  const fields: HeaderField[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    fields.push([(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? ''])
  return fields
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
}

/** The beginning of the body; the connection is given up when there is more. */
async function readBody(response: IncomingMessage): Promise<string> {
  const decoder = new StringDecoder('utf8') // leaves out a character that the cut would split
  let text = ''
  let room = MAX_BODY_BYTES
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += decoder.write(chunk.subarray(0, room))
    room -= chunk.length
    if (room < 0) break // ends the iteration, which destroys the response
  }
  return text
}
