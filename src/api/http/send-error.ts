import type { FastifyReply, FastifyRequest } from 'fastify'
import { toPublicError } from '../../kernel/errors.ts'
import type { HttpBase } from './deps.ts'
import { toAppError } from './framework-errors.ts'
import { PROBLEM_TYPE, toProblemAnswer } from './problem.ts'

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Answers what was thrown as a problem; a bug is logged here, once, and leaves as `internal`. */
export function sendError(base: HttpBase, thrown: unknown, { request, reply }: Exchange): void {
  const error = toAppError(thrown)
  const told = toPublicError(error)
  const fields = { requestId: request.id, method: request.method, route: request.routeOptions.url ?? 'none' }
  if (told.code === 'internal') base.log.error('http.failed', { ...fields, error })
  else base.log.debug('http.refused', { ...fields, status: told.http, code: told.code, message: told.message })

  const { status, headers, body } = toProblemAnswer(told, request.id)
  reply
    .code(status)
    .headers({ ...headers, 'content-type': PROBLEM_TYPE })
    .send(body)
}
