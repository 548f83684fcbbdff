import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testAuthorities } from './authority.ts'
import { testCredentials } from './serving.ts'

/** An https server on loopback that answers as the test says, and counts. */
export interface KeysServer {
  readonly url: string
  /** PEM file of the root to trust. */
  readonly caFile: string
  /** A place for files of the test. */
  readonly directory: string
  readonly requests: IncomingMessage[]
  answer: RequestListener
  close(): Promise<void>
}

export async function openKeysServer(): Promise<KeysServer> {
  const authorities = await testAuthorities('ec-p256', Date.now())
  const { cert, key, roots } = await testCredentials(authorities, { dns: ['localhost'], ips: ['127.0.0.1'] })
  const directory = await mkdtemp(join(tmpdir(), 'alcazar-keys-'))
  const caFile = join(directory, 'ca.pem')
  await writeFile(caFile, roots)
  const requests: IncomingMessage[] = []
  const https = createServer({ cert, key }, (request, response) => {
    requests.push(request)
    server.answer(request, response)
  })
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  const { port } = https.address() as AddressInfo
  const server: KeysServer = {
    url: `https://127.0.0.1:${port}`,
    caFile,
    directory,
    requests,
    answer: (_request, response) => response.writeHead(404).end(),
    async close() {
      https.closeAllConnections()
      await new Promise((resolve) => https.close(resolve))
      await rm(directory, { recursive: true })
    },
  }
  return server
}
