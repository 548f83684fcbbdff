import type { FastifyReply } from 'fastify'

/** Sends JSON that is text already, past the serializer of the route's schema. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text)
}
