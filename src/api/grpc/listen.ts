import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Server } from '@grpc/grpc-js'
import { limitConnections } from '../connection-limit.ts'
import { NO_HANDSHAKE_TIMEOUT_MS, watchHandshakes } from '../handshakes.ts'
import { listenOn } from '../listen-tcp.ts'
import type { ServingTls } from '../serving-tls.ts'
import { watchFullConnections } from './full-connections.ts'
import { openGrpcServers } from './servers.ts'
import { watchStalledCalls } from './stalled-calls.ts'

export interface GrpcListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls: ServingTls
  /** Read for each new connection, because they may be reloaded. */
  readonly limits: () => GrpcLimits
  readonly addServices: (server: Server, peers: PeerCertificates) => void
  /** Connections that may send longer messages than `limits.body`: whoever is unknown could fill the memory with them. */
  readonly trusted?: { readonly accepts: (certificate: Buffer) => boolean; readonly message: () => number | null }
  /** Called for each connection or call that hit one of the limits; `concurrentStreams`: a connection is full. */
  readonly onLimitHit?: (limit: Exclude<keyof GrpcLimits, 'body'>) => void
}

/** Bounds of the transport; null lifts one. Sizes in bytes, times in seconds. */
export interface GrpcLimits {
  readonly body: number | null
  readonly bodyTimeout: number | null
  readonly connections: number | null
  readonly concurrentStreams: number | null
  readonly headerTimeout: number | null
}

export interface GrpcListener {
  /** `host:port`. */
  readonly address: string
  readonly connections: () => number
  /** Puts limits that were reloaded in force. */
  refreshLimits(): void
  /** Stops accepting, lets running calls finish for at most `graceSeconds`, then closes what is left. */
  close(graceSeconds: number | null): Promise<void>
}

/** The client certificates of the open connections, by `ip:port`. */
export interface PeerCertificates {
  /** DER of the leaf, the same Buffer for the life of the connection. */
  of(peer: string): Buffer | undefined
}

/**
 * Opens the gRPC listener: TLS 1.2 and 1.3 with ALPN h2, a client certificate asked for and not demanded. TLS is ended
 * here and not in grpc-js, which can neither ask without demanding nor name the certificate of a connection (ADR 5).
 */
export async function openGrpcListener(options: GrpcListenerOptions): Promise<GrpcListener> {
  const certificates: CertificatesByPeer = new Map()
  const sockets = new Set<Socket>()
  const grpc = openTiers(options, certificates)
  const { server, refreshLimits } = createTlsServer(options)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy()) // a reset peer is no event of ours
    if (socket.alpnProtocol !== 'h2' || !remember(certificates, socket)) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    grpc.inject(socket)
  })
  const stopWatching = options.tls.onChange(() => server.setSecureContext(options.tls.current()))
  const address = await listenOn(server, options)
  const endWatch = watchStreams(options, certificates)
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    address,
    connections: () => sockets.size,
    refreshLimits,
    async close(graceSeconds) {
      stopWatching()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const grace = graceSeconds === null ? undefined : setTimeout(destroyAll, graceSeconds * 1000)
      await grpc.shutDown()
      clearTimeout(grace)
      destroyAll()
      await closed
      endWatch()
    },
  }
}

/** A TLS server with the limits on connections and handshakes. */
function createTlsServer({ tls, limits, onLimitHit }: GrpcListenerOptions) {
  const server = createServer({
    ...tls.current(),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: NO_HANDSHAKE_TIMEOUT_MS,
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  watchHandshakes(server, {
    timeoutSeconds: () => limits().headerTimeout,
    onTimeout: () => onLimitHit?.('headerTimeout'),
  })
  const refreshLimits = limitConnections(server, {
    limit: () => limits().connections,
    onHit: () => onLimitHit?.('connections'),
  })
  return { server, refreshLimits }
}

/** Watches the calls on the listener's connections; returns what ends that. */
function watchStreams({ limits, onLimitHit }: GrpcListenerOptions, certificates: CertificatesByPeer): () => void {
  const isOurs = ({ session }: ServerHttp2Stream) => session !== undefined && certificates.has(peerOf(session.socket))
  const endStalled = watchStalledCalls({
    timeoutSeconds: () => limits().bodyTimeout,
    isOurs,
    onStalled: () => onLimitHit?.('bodyTimeout'),
  })
  const endFull = watchFullConnections({
    limit: () => limits().concurrentStreams,
    isOurs,
    onFull: () => onLimitHit?.('concurrentStreams'),
  })
  return () => {
    endStalled()
    endFull()
  }
}

/** One set of servers for everybody and, where there are any, one for trusted connections. */
function openTiers({ limits, trusted, addServices }: GrpcListenerOptions, certificates: CertificatesByPeer) {
  const add = (server: Server) => addServices(server, { of: (peer) => certificates.get(peer) })
  const everybody = openGrpcServers(() => ({ ...limits(), message: limits().body }), add)
  if (trusted === undefined) return everybody
  const some = openGrpcServers(() => ({ ...limits(), message: longer(limits().body, trusted.message()) }), add)
  return {
    inject(socket: TLSSocket) {
      const certificate = certificates.get(peerOf(socket))
      const isTrusted = certificate !== undefined && trusted.accepts(certificate)
      ;(isTrusted ? some : everybody).inject(socket)
    },
    shutDown: async () => void (await Promise.all([everybody.shutDown(), some.shutDown()])),
  }
}

function longer(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b)
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
