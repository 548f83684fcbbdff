import assert from 'node:assert/strict'
import type { WrittenRequest } from '../../../src/decide/written-question.ts'
import { type Clients, toPeer } from './clients.ts'
import { type RawAnswer, sendRequest } from './exchange.ts'
import type { HttpCase } from './http-cases.ts'
import type { Mesh } from './mesh.ts'
import { LOCAL } from './proxies.ts'
import type { Received } from './upstream.ts'

/** A proxy before `shop/orders`, and those who ask it. */
export interface HttpProxy {
  readonly mesh: Mesh
  readonly port: number
  readonly clients: Clients
}

/** Sends the request of a case through the proxy. */
export function sendCase({ port, clients }: HttpProxy, { client, sni, ...request }: HttpCase): Promise<RawAnswer> {
  const as = clients.get(client) ?? null
  return sendRequest({ port, as, sni: as === null ? null : sni }, request)
}

/** The same request as `POST /v1/decisions` takes it. */
export function toWritten({ port }: HttpProxy, asked: HttpCase): WrittenRequest {
  const { client, method, target, host, headers, sni } = asked
  return {
    protocol: 'http',
    port,
    sourceIp: LOCAL,
    peer: toPeer(client, sni),
    method,
    path: target,
    ...(host === null ? {} : { host }),
    headers,
  }
}

/** The status of the decision; 200 stands for an answer of the workload. */
export async function statusOf(mesh: Mesh, request: WrittenRequest): Promise<number> {
  const { decision, status } = await mesh.decide('shop/orders', request)
  return decision === 'allow' ? 200 : (status ?? 403)
}

interface Granted {
  readonly answer: RawAnswer
  /** Whether the proxy could not change the query. */
  readonly keepsQuery: boolean
}

/** The workload got what `upstream` of the decision says: path, host and all headers, and none that was taken away. */
export async function assertUpstream(
  proxy: HttpProxy,
  asked: HttpCase,
  { answer, keepsQuery }: Granted,
): Promise<void> {
  const { upstream } = await proxy.mesh.decide('shop/orders', toWritten(proxy, asked))
  assert.ok(upstream)
  if (asked.method === 'HEAD') return // its answer has no body
  const received: Received = JSON.parse(answer.body)
  assert.equal(received.method, upstream.method)
  assert.equal(received.target, keepsQuery ? asked.target : upstream.path)
  assert.deepEqual(valuesOf(received, 'host'), [upstream.host])
  for (const name of new Set([
    ...asked.headers.map(([sent]) => sent.toLowerCase()),
    ...Object.keys(upstream.headers),
  ])) {
    assert.deepEqual(valuesOf(received, name), upstream.headers[name] ?? [], name)
  }
}

/** The values of a header that a workload received. */
export function valuesOf({ headers }: Received, name: string): readonly string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name)
}
