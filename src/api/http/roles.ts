import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Role } from '../../identity/evidence.ts'
import type { HttpDeps } from './deps.ts'
import { type Door, evidenceOf } from './evidence.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it; anybody if absent. */
    role?: Role
  }
}

/** Route options for routes that need a role; asked before the body is read. */
interface Guard {
  readonly config: { readonly role: Role }
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

export type Guards = Readonly<Record<Role, Guard>>

/** One guard for each role; they leave `request.actor`. */
export function buildGuards(deps: HttpDeps, door: Door): Guards {
  const guard = (role: Role): Guard => ({
    config: { role },
    onRequest: async (request) => {
      request.actor = (await deps.authorize(evidenceOf(request, door), role)).actor
    },
  })
  return { viewer: guard('viewer'), operator: guard('operator'), admin: guard('admin') }
}
