import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Cancellation } from '../../ca/issue/issuance.ts'
import { clientCertificateOf } from '../client-certificate.ts'

/** What is known of one connection, found out at its first request. */
export class Connection implements Cancellation {
  /** `ip:port`, or `local` on a Unix socket. */
  readonly peer: string
  /** DER of the client certificate, the same Buffer for the life of the connection. */
  readonly clientCertificate: Buffer | undefined
  /** The newest answer on this connection. */
  response: ServerResponse | null = null
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    this.peer = peerOf(socket)
    this.clientCertificate = socket instanceof TLSSocket ? clientCertificateOf(socket) : undefined
  }

  /** True once the client has gone away (hostile 47). */
  get aborted(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded
  }
}

const connections = new WeakMap<Socket, Connection>()

/** The connection of a request's socket. */
export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket)
  if (connection === undefined) {
    connection = new Connection(socket)
    connections.set(socket, connection)
  }
  return connection
}

/** The connection, or undefined while no request has come on this socket. */
export function usedConnectionOf(socket: Socket): Connection | undefined {
  return connections.get(socket)
}

function peerOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined) return 'local'
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}
