import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerHttp2Stream } from 'node:http2'

export interface FullConnectionsOptions {
  /** Streams that a connection may have open at once, read at its first one; null: any number. */
  readonly limit: () => number | null
  /** Whether a stream is one of the listener's own: Node tells of all streams of the process. */
  readonly isOurs: (stream: ServerHttp2Stream) => boolean
  /** Called whenever a connection has come to have as many streams as it may. */
  readonly onFull: () => void
}

interface Connection {
  readonly limit: number
  open: number
}

const CREATED = 'http2.server.stream.created'
const CLOSED = 'http2.server.stream.close'

/**
 * Tells when connections are full. What a client opens beyond that it holds back itself (RFC 9113 §5.1.2), or the
 * HTTP/2 library refuses it before any code of ours could see it. Returns what ends the watch.
 */
export function watchFullConnections({ limit, isOurs, onFull }: FullConnectionsOptions): () => void {
  const connections = new WeakMap<object, Connection>() // by session
  const streams = new Map<ServerHttp2Stream, Connection>() // a closed one has no session any more
  const created = (message: unknown) => {
    const stream = streamOf(message)
    const { session } = stream
    if (session === undefined) return
    let connection = connections.get(session)
    if (connection === undefined) {
      connection = { limit: limit() ?? Number.POSITIVE_INFINITY, open: 0 }
      connections.set(session, connection)
    }
    streams.set(stream, connection)
    connection.open++
    if (connection.open === connection.limit && isOurs(stream)) onFull()
  }
  const closed = (message: unknown) => {
    const stream = streamOf(message)
    const connection = streams.get(stream)
    if (connection === undefined) return
    streams.delete(stream)
    connection.open--
  }
  subscribe(CREATED, created)
  subscribe(CLOSED, closed)
  return () => {
    unsubscribe(CREATED, created)
    unsubscribe(CLOSED, closed)
  }
}

function streamOf(message: unknown): ServerHttp2Stream {
  return (message as { readonly stream: ServerHttp2Stream }).stream
}
