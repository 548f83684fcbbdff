import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { DecisionPorts } from '../decision-ports.ts'
import { answerClientError } from './client-error.ts'
import type { HttpBase } from './deps.ts'
import { openExtAuthz } from './ext-authz.ts'
import { enforceLimits, SERVER_OPTIONS } from './node-server.ts'

export interface DecisionsServer {
  /** Listens and closes; its connections come to `onConnection`. */
  readonly server: http.Server
  /** Serves a connection as HTTP/1.1. */
  serve(socket: Socket): void
  refreshLimits(): void
}

/**
 * Serves `/ext-authz` and `/ext-authz/…` to whoever is on this host, and 404 for everything else. `onConnection` gets
 * each connection before a byte of it was read.
 */
export function openDecisionsServer(
  base: HttpBase,
  decisions: DecisionPorts,
  onConnection: (socket: Socket) => void,
): DecisionsServer {
  const server = http.createServer(SERVER_OPTIONS)
  const serveAsHttp = server.listeners('connection')
  server.removeAllListeners('connection').on('connection', onConnection)
  const answer = openExtAuthz(server, { base, decisions, through: 'loopback' })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (answer(request, response)) return
    base.observer.request('none', 404, 0)
    response.writeHead(404, { 'content-length': 0 }).end()
  })
  server.on('clientError', (error: Error, socket: Socket) => answerClientError(base, error, socket))
  const refreshLimits = enforceLimits(server, base)
  return {
    server,
    refreshLimits,
    serve(socket) {
      for (const listener of serveAsHttp) listener.call(server, socket)
    },
  }
}
