import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'

/** Somebody with a certificate and the roots that it believes, all PEM. */
export interface Peer {
  readonly key: string
  /** Leaf first. */
  readonly cert: string
  readonly roots: string
}

/** A handshake of mutual TLS, each side judging the other by its own roots; rejects when either refuses. */
export async function shakeHands(server: Peer, client: Peer): Promise<void> {
  const { promise: refused, reject } = Promise.withResolvers<never>()
  const options = { cert: server.cert, key: server.key, ca: server.roots, requestCert: true }
  const listening = tls.createServer(options, (socket) => {
    socket.on('error', reject)
    socket.end('!')
  })
  listening.on('tlsClientError', reject)
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const socket = tls.connect({
    ...{ host: '127.0.0.1', port, cert: client.cert, key: client.key, ca: client.roots },
    checkServerIdentity: () => undefined, // the path is what is judged here
  })
  try {
    await Promise.race([once(socket, 'data'), refused]) // with TLS 1.3 a client learns late that it was refused
  } finally {
    socket.destroy()
    listening.close()
  }
}
