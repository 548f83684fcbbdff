import type { FastifyError, FastifyRequest } from 'fastify'
import type { UnreadRequest } from '../../ca/issue/issuance.ts'
import { connectionOf } from './connection.ts'
import { toAppError } from './framework-errors.ts'

/** Tells a use case of the requests that never came to it; of those that did, it tells itself. */
export function openUnread(onUnread: (request: UnreadRequest) => void) {
  const told = new WeakSet<object>() // errors of the use case
  return {
    /** An answer of the use case. */
    tells: <T>(answer: Promise<T>): Promise<T> =>
      answer.catch((error: object) => {
        told.add(error)
        throw error
      }),
    /** The `onError` of the route. */
    onError: async (request: FastifyRequest, _reply: unknown, thrown: FastifyError): Promise<void> => {
      if (told.has(thrown)) return
      const { peer } = connectionOf(request.raw.socket)
      onUnread({ requestId: request.id, peer, error: toAppError(thrown) })
    },
  }
}
