import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js'
import type { ServingTls } from '../serving-tls.ts'

export interface GrpcListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls: ServingTls
  readonly limits: GrpcLimits
  /** Adds the services before the first connection. */
  readonly addServices: (server: Server, peers: PeerCertificates) => void
}

/** Bounds of the transport; null lifts one. Sizes in bytes, times in seconds. */
export interface GrpcLimits {
  readonly message: number | null
  readonly concurrentStreams: number | null
  readonly handshakeTimeout: number | null
}

export interface GrpcListener {
  readonly address: AddressInfo
  readonly connections: () => number
  /** Stops accepting, lets running calls finish for at most `graceSeconds`, then closes what is left. */
  close(graceSeconds: number | null): Promise<void>
}

/** The client certificates of the open connections, by `ip:port`. */
export interface PeerCertificates {
  /** DER of the leaf, the same Buffer for the life of the connection. */
  of(peer: string): Buffer | undefined
}

const KEEPALIVE_MS = 30_000

/**
 * Opens the gRPC listener: TLS 1.2 and 1.3 with ALPN h2, a client certificate asked for and not demanded. TLS is ended
 * here and not in grpc-js, which can neither ask without demanding nor name the certificate of a connection.
 */
export async function openGrpcListener(options: GrpcListenerOptions): Promise<GrpcListener> {
  const certificates = new Map<string, Buffer>()
  const sockets = new Set<Socket>()
  const server = new Server(serverOptions(options.limits))
  options.addServices(server, { of: (peer) => certificates.get(peer) })
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())

  const tlsServer = createServer({
    ...options.tls.current(),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
    ...(options.limits.handshakeTimeout === null ? {} : { handshakeTimeout: options.limits.handshakeTimeout * 1000 }),
  })
  tlsServer.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  tlsServer.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy()) // a reset peer is no event of ours
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    remember(certificates, socket)
    injector.injectConnection(socket)
  })
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy())
  const stopWatching = options.tls.onChange(() => tlsServer.setSecureContext(options.tls.current()))

  await new Promise<void>((resolve, reject) => {
    tlsServer.once('error', reject)
    tlsServer.listen(options.port, options.host, () => {
      tlsServer.off('error', reject)
      resolve()
    })
  })
  return {
    address: tlsServer.address() as AddressInfo,
    connections: () => sockets.size,
    async close(graceSeconds) {
      stopWatching()
      const closed = new Promise<void>((resolve) => tlsServer.close(() => resolve()))
      const destroyAll = () => {
        for (const socket of sockets) socket.destroy()
      }
      const grace = graceSeconds === null ? undefined : setTimeout(destroyAll, graceSeconds * 1000)
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      clearTimeout(grace)
      destroyAll()
      await closed
    },
  }
}

function remember(certificates: Map<string, Buffer>, socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return
  const peer = `${socket.remoteAddress}:${socket.remotePort}`
  certificates.set(peer, certificate.raw)
  socket.on('close', () => certificates.delete(peer))
}

function serverOptions(limits: GrpcLimits): ServerOptions {
  return {
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': limits.message ?? -1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS / 3,
    ...(limits.concurrentStreams === null ? {} : { 'grpc.max_concurrent_streams': limits.concurrentStreams }),
  }
}
