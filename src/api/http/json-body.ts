import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../../kernel/strict-json.ts'
import type { HttpLimits, HttpObserver } from './deps.ts'

const MAX_DEPTH = 32

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which limit its body has; `body` if absent. */
    bodyLimit?: 'resourcesBody' | 'decisionBody'
    /** It takes YAML too, as the text that came. */
    takesYaml?: true
  }
}

/** What YAML is sent as: RFC 9512, and older names. */
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml'] as const

/**
 * Reads bodies as strict JSON (hostile 49) within the limit in force, counted before anything is kept (hostile 42);
 * YAML on routes that take it is left to them. Other content types, encodings and charsets are refused.
 */
export function acceptJsonBodies(app: FastifyInstance, limits: () => HttpLimits, observer: HttpObserver): void {
  app.removeAllContentTypeParsers()
  const read = async (request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> => {
    refuseOtherEncodings(payload.headers)
    const name = request.routeOptions.config.bodyLimit ?? 'body'
    const limit = limits()[name] ?? Number.POSITIVE_INFINITY
    const bytes = await collect(payload, limit)
    if (bytes !== null) return bytes
    observer.limitHit(name)
    throw new AppError('limit.size', `the body is larger than ${limit} bytes`, { wanted: `at most ${limit} bytes` })
  }
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    return parse(await read(request, payload))
  })
  app.addContentTypeParser([...YAML_TYPES], async (request: FastifyRequest, payload: IncomingMessage) => {
    if (request.routeOptions.config.takesYaml === true) return toText(await read(request, payload))
    throw new AppError('request.media_type', 'a body needs `Content-Type: application/json`', {
      wanted: 'application/json',
    })
  })
}

function refuseOtherEncodings(headers: IncomingMessage['headers']): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new AppError('request.media_type', 'compressed bodies are not accepted: send it as it is')
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new AppError('request.media_type', 'bodies are UTF-8 (RFC 8259 §8.1): leave the charset out')
  }
}

/** The whole body, or null as soon as it is known to be larger than `limit`; what still comes is read and forgotten. */
function collect(payload: IncomingMessage, limit: number): Promise<Buffer | null> {
  if (Number(payload.headers['content-length']) > limit) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else resolve(null)
    })
    payload.on('end', () => resolve(size > limit ? null : Buffer.concat(chunks, size)))
    payload.on('error', () => reject(new AppError('request.malformed', 'the connection ended within the body')))
  })
}

function toText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new AppError('request.malformed', 'the body is not UTF-8', { cause })
  }
}

/** No bytes are no body: the route's schema says whether it needs one. */
function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  try {
    return parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new AppError('request.malformed', `the body is not JSON that we accept: ${error.message}`)
  }
}
