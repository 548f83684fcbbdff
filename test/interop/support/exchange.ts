import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { LOCAL } from './proxies.ts'

const PATIENCE_MS = 20_000

/** A certificate with its key, as PEM. */
export interface Credentials {
  readonly cert: string
  readonly key: string
}

/** Where to and as whom; without credentials in plaintext. */
export interface Target {
  readonly port: number
  readonly as: Credentials | null
  readonly sni: string | null
}

/** What is written, byte by byte: no library mends a path or a header on the way. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  /** Null: no Host header. */
  readonly host: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The answer to a request. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** One HTTP/1.1 request on a connection of its own. */
export async function sendRequest(target: Target, request: RawRequest): Promise<RawAnswer> {
  const { method, target: path, host, headers } = request
  const fields = [...(host === null ? [] : [['host', host] as const]), ...headers, ['connection', 'close'] as const]
  const lines = [`${method} ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)]
  const answer = await sendBytes(target, `${lines.join('\r\n')}\r\n\r\n`)
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const [statusLine = '', ...answered] = head.split('\r\n')
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: new Map(
      answered.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    ),
    body: rest.join('\r\n\r\n'),
  }
}

/** Sends bytes and gives all that comes until the other side closes; nothing where it closes at once or resets. */
export async function sendBytes({ port, as, sni }: Target, bytes: string): Promise<string> {
  const socket = as === null ? net.connect(port, LOCAL) : connectTls(port, as, sni)
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
  socket.write(bytes)
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
  })
  try {
    await once(socket, 'end')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
  }
  socket.destroy()
  return received
}

/** Whether the proxy is the right one is not what is tested here. */
function connectTls(port: number, as: Credentials, sni: string | null): tls.TLSSocket {
  const name = sni === null ? {} : { servername: sni }
  return tls.connect({ port, host: LOCAL, ...as, ...name, rejectUnauthorized: false })
}
