import type { FastifyReply, FastifyRequest } from 'fastify'
import { isKnownTag } from './etag.ts'

/** A document that anyone may read, with its strong ETag. */
export interface Tagged {
  readonly etag: string
  readonly type: string
  readonly body: string | Buffer
}

/** The client has the document of this ETag already. */
export function sendUnchanged(reply: FastifyReply, etag: string): FastifyReply {
  return reply.code(304).headers({ etag, 'cache-control': 'no-cache' }).send()
}

/** Caches may keep it and have to ask each time: a key that was taken away must not be believed a minute longer. */
export function sendTagged(request: FastifyRequest, reply: FastifyReply, { etag, type, body }: Tagged): FastifyReply {
  reply.headers({ etag, 'cache-control': 'no-cache' })
  if (isKnownTag(etag, request.headers['if-none-match'])) return reply.code(304).send()
  return reply.header('content-type', type).send(typeof body === 'string' ? Buffer.from(body) : body)
}
