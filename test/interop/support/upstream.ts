import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { after } from 'node:test'
import { LOCAL } from './proxies.ts'

const open = new Set<net.Server>()
after(() => {
  for (const server of open) server.close()
})

/** What a workload received. */
export interface Received {
  readonly method: string
  readonly target: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

/** A workload that answers each HTTP request with 200 and what it received, as JSON; gives its port. */
export function startHttpWorkload(): Promise<number> {
  const server = http.createServer((request, response) => {
    const { method = '', url = '', rawHeaders } = request
    const received: Received = { method, target: url, headers: rawHeaders }
    response.end(JSON.stringify(received))
  })
  return listen(server)
}

/** A workload that sends back what it gets, and closes at the first newline; gives its port. */
export function startTcpWorkload(): Promise<number> {
  return listen(
    net.createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', (chunk) => {
        if (chunk.includes('\n')) socket.end(chunk)
        else socket.write(chunk)
      })
    }),
  )
}

async function listen(server: net.Server): Promise<number> {
  server.listen(0, LOCAL)
  await once(server, 'listening')
  open.add(server)
  return (server.address() as net.AddressInfo).port
}
