import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'

/** For `handshakeTimeout`: Node's own is fixed when a server is made, and ours is reloaded. */
export const NO_HANDSHAKE_TIMEOUT_MS = 0x7fff_ffff

export interface HandshakeOptions {
  /** Seconds that a handshake may take, read for each connection; null: any. */
  readonly timeoutSeconds: () => number | null
  readonly onTimeout: () => void
}

/** The connections whose handshake is not finished, which Node counts as open and does not show. */
export interface Handshakes {
  /** Closes all of them. */
  destroyAll(): void
}

/** Watches a server's handshakes and closes those that take too long. */
export function watchHandshakes(server: Server, { timeoutSeconds, onTimeout }: HandshakeOptions): Handshakes {
  const open = new Map<string, { readonly socket: Socket; readonly timer: NodeJS.Timeout | undefined }>()
  const forget = (name: string) => {
    clearTimeout(open.get(name)?.timer)
    open.delete(name)
  }
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket) // it is gone once the socket is closed
    const seconds = timeoutSeconds()
    const expire = () => {
      onTimeout()
      socket.destroy()
    }
    open.set(name, { socket, timer: seconds === null ? undefined : setTimeout(expire, seconds * 1000) })
    socket.on('close', () => forget(name))
  })
  server.on('secureConnection', (socket: TLSSocket) => forget(nameOf(socket)))
  return {
    destroyAll() {
      for (const { socket } of open.values()) socket.destroy()
    },
  }
}

/** The two ends of a connection: the socket below TLS and the one above have the same. */
function nameOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`
}
