import type { Server, ServerOptions } from 'node:http'
import type { FastifyServerFactory } from 'fastify'
import { limitConnections } from '../connection-limit.ts'
import type { HttpBase, HttpLimits } from './deps.ts'

/** Makes the Node server below Fastify. */
export type CreateServer = FastifyServerFactory

const KEEP_ALIVE_MS = 60_000
/** How often Node looks for requests that are too slow; the time by which a timeout may come late. */
const CHECK_SLOW_MS = 500

/** What Node wants to know when a server is made. */
export const SERVER_OPTIONS: ServerOptions = {
  connectionsCheckingInterval: CHECK_SLOW_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  noDelay: true,
}

/** Puts the limits in force; what it returns puts reloaded ones in force, for the next connections and requests. */
export function enforceLimits(server: Server, { limits, observer }: Pick<HttpBase, 'limits' | 'observer'>): () => void {
  const refreshConnections = limitConnections(server, {
    limit: () => limits().connections,
    onHit: () => observer.limitHit('connections'),
  })
  const refresh = () => {
    refreshConnections()
    applyLimits(server, limits())
  }
  refresh()
  return refresh
}

function applyLimits(server: Server, { headers, headerTimeout, bodyTimeout }: HttpLimits): void {
  server.headersTimeout = (headerTimeout ?? 0) * 1000
  // Node counts from the first byte of the request line to the last of the body.
  server.requestTimeout = bodyTimeout === null ? 0 : ((headerTimeout ?? bodyTimeout) + bodyTimeout) * 1000
  Object.assign(server, { maxHeaderSize: headers ?? LIFTED }) // read by Node for each new connection
}

const LIFTED = 0x7fff_ffff
