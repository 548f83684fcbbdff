import type { AddressInfo, Server } from 'node:net'
import { toListenError } from './listen-error.ts'

export interface TcpAddress {
  readonly host: string
  readonly port: number
}

/** Starts to listen and returns where, `host:port`; throws `ListenError`. */
export async function listenOn(server: Server, { host, port }: TcpAddress): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(toListenError(`${host}:${port}`, error))
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
  return toText(server.address())
}

function toText(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new TypeError('the server does not listen on TCP')
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}
