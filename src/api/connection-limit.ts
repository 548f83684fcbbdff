import type { Server } from 'node:net'

export interface ConnectionLimit {
  /** Connections that may be open at once; null: any number. */
  readonly limit: () => number | null
  /** Called for each connection that was closed at once, because it was one too many. */
  readonly onHit: () => void
}

/** Bounds a server's open connections by the limit in force now; what it returns puts a reloaded one in force. */
export function limitConnections(server: Server, { limit, onHit }: ConnectionLimit): () => void {
  server.on('drop', onHit)
  const refresh = () => {
    server.maxConnections = limit() ?? Number.POSITIVE_INFINITY
  }
  refresh()
  return refresh
}
