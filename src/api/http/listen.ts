import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { NO_HANDSHAKE_TIMEOUT_MS, watchHandshakes } from '../handshakes.ts'
import { toListenError } from '../listen-error.ts'
import type { TcpAddress } from '../listen-tcp.ts'
import type { ServingTls } from '../serving-tls.ts'
import { buildApi } from './api.ts'
import type { App } from './base.ts'
import { usedConnectionOf } from './connection.ts'
import type { HttpBase, HttpDeps, MonitoringDeps } from './deps.ts'
import { type ExtAuthzHandler, openExtAuthz } from './ext-authz.ts'
import { buildMonitoring } from './monitoring.ts'
import { type CreateServer, enforceLimits, SERVER_OPTIONS } from './node-server.ts'

export interface HttpListener {
  /** `host:port`, or the path of the socket. */
  readonly address: string
  readonly connections: () => number
  /** Puts limits that were reloaded in force. */
  refreshLimits(): void
  /** Stops accepting, lets running requests finish for at most `graceSeconds`, then closes what is left. */
  close(graceSeconds: number | null): Promise<void>
}

/** Opens the REST API over HTTPS; a client certificate is asked for and not demanded. */
export async function openHttps(address: TcpAddress, tls: ServingTls, deps: HttpDeps): Promise<HttpListener> {
  const server = https.createServer({ ...SERVER_OPTIONS, ...tlsOptions(tls) })
  const extAuthz = openExtAuthz(server, { base: deps, decisions: deps.decisions, through: 'mutual-tls' })
  const app = buildApi(deps, 'network', attachTo(server, extAuthz))
  // Connections that are open keep what they were made with.
  const stopWatching = tls.onChange(() => server.setSecureContext(tlsOptions(tls)))
  const listener = await openOn(server, { app, base: deps, listen: address })
  return {
    ...listener,
    close: (graceSeconds) => {
      stopWatching()
      return listener.close(graceSeconds)
    },
  }
}

/** Opens `/metrics`, `/livez` and `/readyz`. */
export async function openMonitoring(address: TcpAddress, deps: MonitoringDeps): Promise<HttpListener> {
  const server = http.createServer(SERVER_OPTIONS)
  return openOn(server, { app: buildMonitoring(deps, attachTo(server)), base: deps, listen: address })
}

function tlsOptions(tls: ServingTls): https.ServerOptions {
  return {
    ...tls.current(),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    handshakeTimeout: NO_HANDSHAKE_TIMEOUT_MS,
    requestCert: true,
    rejectUnauthorized: false, // attestation judges the certificate; a bad one beside a good token is passed over
  }
}

/** Hands Fastify's handler to a server that was made before; it gets the requests that `before` does not take. */
export function attachTo(server: http.Server, before: ExtAuthzHandler = () => false): CreateServer {
  return (handler) =>
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      if (!before(request, response)) handler(request, response)
    })
}

interface Opening {
  readonly app: App
  readonly base: HttpBase
  readonly listen: TcpAddress | { readonly path: string }
}

/** Listens and returns the listener that closes it again. */
export async function openOn(server: http.Server, { app, base, listen }: Opening): Promise<HttpListener> {
  const sockets = new Set<Socket>()
  const remember = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }
  const handshakes =
    server instanceof https.Server
      ? watchHandshakes(server, {
          timeoutSeconds: () => base.limits().headerTimeout,
          onTimeout: () => base.observer.limitHit('headerTimeout'),
        })
      : null
  server.on(server instanceof https.Server ? 'secureConnection' : 'connection', remember)
  const refreshLimits = enforceLimits(server, base)
  await app.listen({ ...listen }).catch((error: NodeJS.ErrnoException) => {
    throw toListenError('path' in listen ? listen.path : `${listen.host}:${listen.port}`, error)
  })
  return {
    address: toText(server.address()),
    connections: () => sockets.size,
    refreshLimits,
    close: async (graceSeconds) => {
      const grace =
        graceSeconds === null ? undefined : setTimeout(() => server.closeAllConnections(), graceSeconds * 1000)
      const closed = app.close()
      for (const socket of sockets) if (usedConnectionOf(socket) === undefined) socket.destroy()
      handshakes?.destroyAll()
      await closed
      clearTimeout(grace)
    },
  }
}

function toText(address: AddressInfo | string | null): string {
  if (address === null) throw new TypeError('the server does not listen')
  if (typeof address === 'string') return address
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}
