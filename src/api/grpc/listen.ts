import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js'
import { toListenError } from '../listen-error.ts'
import type { ServingTls } from '../serving-tls.ts'
import { watchStalledCalls } from './stalled-calls.ts'

export interface GrpcListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls: ServingTls
  /** Read for each new connection, because they may be reloaded. */
  readonly limits: () => GrpcLimits
  readonly addServices: (server: Server, peers: PeerCertificates) => void
  /** Called for each call that was ended because its request did not arrive in `limits.bodyTimeout`. */
  readonly onStalled?: () => void
}

/** Bounds of the transport; null lifts one. Sizes in bytes, times in seconds. */
export interface GrpcLimits {
  readonly body: number | null
  readonly bodyTimeout: number | null
  readonly concurrentStreams: number | null
  readonly headerTimeout: number | null
}

export interface GrpcListener {
  /** `host:port`. */
  readonly address: string
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
const SLACK_BYTES = 65_536

/**
 * Opens the gRPC listener: TLS 1.2 and 1.3 with ALPN h2, a client certificate asked for and not demanded. TLS is ended
 * here and not in grpc-js, which can neither ask without demanding nor name the certificate of a connection (ADR 5).
 */
export async function openGrpcListener(options: GrpcListenerOptions): Promise<GrpcListener> {
  const certificates: CertificatesByPeer = new Map()
  const sockets = new Set<Socket>()
  const grpc = openGrpcServers(options, { of: (peer) => certificates.get(peer) })
  const { headerTimeout } = options.limits()
  const tlsServer = createServer({
    ...options.tls.current(),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
    ...(headerTimeout === null ? {} : { handshakeTimeout: headerTimeout * 1000 }),
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
    if (!remember(certificates, socket)) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    grpc.inject(socket)
  })
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy())
  const stopWatching = options.tls.onChange(() => tlsServer.setSecureContext(options.tls.current()))
  await listen(tlsServer, options)
  const endWatch = watchStalledCalls({
    timeoutSeconds: () => options.limits().bodyTimeout,
    isOurs: ({ session }) => session !== undefined && certificates.has(peerOf(session.socket)),
    onStalled: () => options.onStalled?.(),
  })
  return {
    address: toAddressText(tlsServer.address()),
    connections: () => sockets.size,
    async close(graceSeconds) {
      stopWatching()
      const closed = new Promise<void>((resolve) => tlsServer.close(() => resolve()))
      const destroyAll = () => {
        for (const socket of sockets) socket.destroy()
      }
      const grace = graceSeconds === null ? undefined : setTimeout(destroyAll, graceSeconds * 1000)
      await grpc.shutDown()
      clearTimeout(grace)
      destroyAll()
      await closed
      endWatch()
    },
  }
}

/** grpc-js fixes its limits when a server is made: changed ones get a new server, for the connections from then on. */
function openGrpcServers(options: GrpcListenerOptions, peers: PeerCertificates) {
  const servers: Server[] = []
  const open = (limits: GrpcLimits) => {
    const server = new Server(serverOptions(limits))
    options.addServices(server, peers)
    servers.push(server)
    return { limits, injector: server.createConnectionInjector(ServerCredentials.createInsecure()) }
  }
  let current = open(options.limits())
  return {
    inject(socket: TLSSocket) {
      const limits = options.limits()
      const { body, concurrentStreams } = current.limits
      if (limits.body !== body || limits.concurrentStreams !== concurrentStreams) current = open(limits)
      current.injector.injectConnection(socket)
    },
    async shutDown() {
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.tryShutdown(() => resolve()))))
    },
  }
}

function listen(server: TlsServer, { host, port }: GrpcListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(toListenError(`${host}:${port}`, error))
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
}

function toAddressText(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new TypeError('the gRPC server does not listen')
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}

/** Of every open connection, also of those without a certificate. */
type CertificatesByPeer = Map<string, Buffer | undefined>

/**
 * False when the connection must not be served: another one has the same `ip:port`, by which a call finds its
 * certificate. TCP tells them apart where the service has several addresses; the second would have the first one's identity.
 */
function remember(certificates: CertificatesByPeer, socket: TLSSocket): boolean {
  const peer = peerOf(socket)
  if (socket.remoteAddress === undefined || certificates.has(peer)) return false
  certificates.set(peer, socket.getPeerX509Certificate()?.raw)
  socket.on('close', () => certificates.delete(peer))
  return true
}

/** As grpc-js writes it in `getPeer`. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}

function serverOptions(limits: GrpcLimits): ServerOptions {
  return {
    'grpc.enable_channelz': 0,
    // A little more than we take, so that the refusal is ours, with its code and its count (hostile 48).
    'grpc.max_receive_message_length': limits.body === null ? -1 : limits.body + SLACK_BYTES,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS / 3,
    ...(limits.concurrentStreams === null ? {} : { 'grpc.max_concurrent_streams': limits.concurrentStreams }),
  }
}
