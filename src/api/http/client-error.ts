import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, toPublicError } from '../../kernel/errors.ts'
import { usedConnectionOf } from './connection.ts'
import type { HttpBase, HttpLimits } from './deps.ts'
import { PROBLEM_TYPE, type ProblemAnswer, toProblemAnswer } from './problem.ts'

interface Refusal {
  readonly status: number
  readonly error: AppError
  readonly limit?: keyof HttpLimits
}

/**
 * Answers what Node's HTTP parser refuses before there is a request (hostile 50): malformed framing 400, headers too
 * large 431, too slow 408. The connection is closed in every case.
 */
export function answerClientError(base: HttpBase, error: Error & { code?: string }, socket: Socket): void {
  const refusal = refusalOf(error.code ?? '', socket)
  if (refusal === null) {
    socket.destroy()
    return
  }
  if (refusal.limit !== undefined) base.observer.limitHit(refusal.limit)
  base.observer.request('none', refusal.status, 0)
  const answer = toProblemAnswer(toPublicError(refusal.error), base.nextRequestId(), refusal.status)
  socket.end(toHttp(answer), () => socket.destroy())
}

/** Null where nothing can be said: the TLS handshake failed, or an answer to something else is on its way. */
function refusalOf(code: string, socket: Socket): Refusal | null {
  const response = usedConnectionOf(socket)?.response
  const answering = response !== null && response !== undefined && !response.writableEnded
  if (!socket.writable || (answering && (response.headersSent || response.req.complete))) return null
  if (code === 'HPE_HEADER_OVERFLOW') {
    const error = new AppError('limit.size', 'the request line and headers are larger than this service takes')
    return { status: 431, error, limit: 'headers' } // RFC 6585 §5
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const error = new AppError('request.malformed', 'the request did not arrive in time: send it without pauses')
    return { status: 408, error, limit: answering ? 'bodyTimeout' : 'headerTimeout' }
  }
  if (!code.startsWith('HPE_')) return null
  return { status: 400, error: new AppError('request.malformed', 'the bytes received are not HTTP/1.1 (RFC 9112)') }
}

function toHttp({ status, headers, body }: ProblemAnswer): string {
  const all = {
    ...headers,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
