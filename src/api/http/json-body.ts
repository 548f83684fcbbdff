import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../../kernel/strict-json.ts'
import type { HttpLimits, HttpObserver } from './deps.ts'

const MAX_DEPTH = 32

type Done = (error: Error | null, body?: unknown) => void

/**
 * Reads bodies as strict JSON (hostile 49) within the limit in force, counted before anything is kept (hostile 42).
 * Other content types, encodings and charsets are refused.
 */
export function acceptJsonBodies(app: FastifyInstance, limits: () => HttpLimits, observer: HttpObserver): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, payload: IncomingMessage, done: Done) => {
    const refusal = refusalOf(request.headers)
    if (refusal !== null) return done(refusal)
    collect(payload, limits().body ?? Number.POSITIVE_INFINITY, (error, bytes) => {
      if (error?.code === 'limit.size') observer.limitHit('body')
      if (error !== null) return done(error)
      parse(bytes, done)
    })
  })
}

function refusalOf(headers: IncomingMessage['headers']): AppError | null {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new AppError('request.media_type', 'compressed bodies are not accepted: send the JSON as it is')
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset === undefined || charset.toLowerCase() === 'utf-8') return null
  return new AppError('request.media_type', 'JSON is UTF-8 (RFC 8259 §8.1): leave the charset out')
}

function collect(payload: IncomingMessage, limit: number, done: (error: AppError | null, bytes: Buffer) => void): void {
  if (Number(payload.headers['content-length']) > limit) return done(tooLarge(limit), EMPTY)
  const chunks: Buffer[] = []
  let size = 0
  let over = false
  const finish = (error: AppError | null) => {
    if (over) return
    over = true
    done(error, chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks))
  }
  payload.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) {
      chunks.length = 0 // what still comes is read and forgotten
      finish(tooLarge(limit))
    } else if (!over) chunks.push(chunk)
  })
  payload.on('end', () => finish(null))
  payload.on('error', () => finish(new AppError('request.malformed', 'the connection ended within the body')))
}

const EMPTY = Buffer.alloc(0)

function tooLarge(limit: number): AppError {
  return new AppError('limit.size', `the body is larger than ${limit} bytes`, { wanted: `at most ${limit} bytes` })
}

/** No bytes are no body: the route's schema says whether it needs one. */
function parse(bytes: Buffer, done: Done): void {
  if (bytes.length === 0) return done(null, undefined)
  let body: unknown
  try {
    body = parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    return done(new AppError('request.malformed', `the body is not JSON that we accept: ${error.message}`))
  }
  done(null, body)
}
