import type { ServerResponse } from 'node:http'
import type { Answer, Granted, Refused } from '../decision-answer.ts'
import type { Form } from './ext-authz-request.ts'

/** Where Envoy looks for the names of header fields to take from the client's request. */
const REMOVED = 'x-envoy-auth-headers-to-remove'

/**
 * Sends the answer and returns its status. HTTP can carry no change of the path or the query: Envoy's HTTP service and
 * forward-auth have no words for it.
 */
export function sendAnswer(response: ServerResponse, answer: Answer, form: Form): number {
  return answer.allowed ? sendGranted(response, answer) : sendRefused(response, answer, form)
}

function sendGranted(response: ServerResponse, { set, remove }: Granted): number {
  for (const [name, value] of set) response.setHeader(name, toBytes(value))
  if (remove.length > 0) response.setHeader(REMOVED, remove.join(','))
  response.setHeader('content-length', 0)
  response.writeHead(200).end()
  return 200
}

function sendRefused(response: ServerResponse, { status, headers, body }: Refused, form: Form): number {
  const sent = form === 'forward-auth' && status === 400 ? 403 : status // nginx makes 500 of anything but 401 and 403
  for (const [name, value] of headers) response.appendHeader(name, toBytes(value))
  if (body !== '' && !response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain')
  response.setHeader('content-length', Buffer.byteLength(body))
  response.writeHead(sent).end(body)
  return sent
}

/** UTF-8, a byte for each character, as Node writes them. */
function toBytes(value: string): string {
  return /[\x80-\u{10ffff}]/u.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value
}
