import type { ClientRequest, IncomingMessage } from 'node:http'

/** The server had closed a connection of the pool before it saw this request. */
class StaleConnection extends Error {}

/**
 * Sends a request without a body and gives the head of its response. A request that met a connection which the server was
 * closing is sent once more: it was not answered, and asking changes nothing.
 */
export async function exchange(open: () => ClientRequest): Promise<IncomingMessage> {
  try {
    return await send(open())
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error
    return send(open())
  }
}

function send(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', (error: NodeJS.ErrnoException) => {
      reject(request.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnection() : error)
    })
    // An answer of another kind (101) ends without either; after a response this changes nothing.
    request.on('close', () => reject(new Error('the connection was closed without an answer')))
    request.end()
  })
}
