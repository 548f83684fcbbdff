import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the fake saw of a request. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Reply {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** Sent as it is in place of `body`. */
  readonly text?: string
}

/** An API on a Unix socket that answers as `reply` says. */
export interface FakeApi {
  readonly socket: string
  /** A directory of its own, removed at the end. */
  readonly directory: string
  readonly seen: readonly Seen[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Answers every request by `reply`; null never answers. */
export async function openFakeApi(reply: (seen: Seen) => Reply | null | Promise<Reply>): Promise<FakeApi> {
  const directory = await mkdtemp(join(tmpdir(), 'alcazar-cli-'))
  const socket = join(directory, 'admin.sock')
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    seen.push(one)
    send(response, await reply(one))
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    socket,
    directory,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function send(response: ServerResponse, reply: Reply | null): void {
  if (reply === null) return
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
  response.end(reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)))
}
