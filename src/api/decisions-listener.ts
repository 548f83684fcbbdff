import type { Socket } from 'node:net'
import type { DecisionPorts } from './decision-ports.ts'
import { openDecisionsGrpc } from './grpc/decisions-server.ts'
import type { GrpcLimits } from './grpc/listen.ts'
import { usedConnectionOf } from './http/connection.ts'
import { openDecisionsServer } from './http/decisions-server.ts'
import type { HttpBase, HttpLimits } from './http/deps.ts'
import type { HttpListener } from './http/listen.ts'
import { serveByPreface } from './http-preface.ts'
import { listenOn, type TcpAddress } from './listen-tcp.ts'

export interface DecisionsListenerDeps extends HttpBase {
  readonly decisions: DecisionPorts
  readonly limits: () => HttpLimits & GrpcLimits & { readonly checkMessage: number | null }
}

/**
 * Opens the listener for proxies on the same host: gRPC (HTTP/2 with prior knowledge) and HTTP/1.1 on one port, in
 * plaintext and without authentication, so the address must be a loopback one.
 */
export async function openDecisionsListener(address: TcpAddress, deps: DecisionsListenerDeps): Promise<HttpListener> {
  const sockets = new Set<Socket>()
  const isGrpc = new WeakSet<Socket>()
  const onStalled = () => deps.observer.limitHit('bodyTimeout')
  const grpc = openDecisionsGrpc({ decisions: deps.decisions, limits: deps.limits, onStalled })
  const http = openDecisionsServer(deps, deps.decisions, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const { headerTimeout } = deps.limits()
    const http2 = (ours: Socket) => {
      isGrpc.add(ours)
      grpc.inject(ours)
    }
    serveByPreface(socket, {
      http1: http.serve,
      http2,
      timeoutMs: headerTimeout === null ? null : headerTimeout * 1000,
    })
  })
  return {
    address: await listenOn(http.server, address),
    connections: () => sockets.size,
    refreshLimits: http.refreshLimits,
    async close(graceSeconds) {
      const destroy = (which: (socket: Socket) => boolean) => {
        for (const socket of sockets) if (which(socket)) socket.destroy()
      }
      const grace = graceSeconds === null ? undefined : setTimeout(() => destroy(() => true), graceSeconds * 1000)
      const closed = new Promise<void>((resolve) => http.server.close(() => resolve()))
      destroy((socket) => !isGrpc.has(socket) && usedConnectionOf(socket) === undefined)
      await grpc.shutDown()
      destroy((socket) => isGrpc.has(socket))
      await closed
      clearTimeout(grace)
    },
  }
}
