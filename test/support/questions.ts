import type { Headers, HttpRequest, Peer, Question } from '../../src/policy/request.ts'

/** A peer with the identity of a client in the mesh. */
export const CLIENT: Peer = {
  uriSans: ['spiffe://cluster.local/ns/default/sa/client'],
  sni: 'web.example',
  certificate: true,
  alpn: null,
}

/** Header fields from pairs, as they stand on the wire. */
export function headersOf(pairs: readonly (readonly [string, string])[], { joined = false } = {}): Headers {
  return {
    joined,
    values: (name) => pairs.filter(([written]) => written.toLowerCase() === name).map(([, value]) => value),
    entries: () => pairs,
  }
}

/** An HTTP question: `GET /a?b=c` to `web:8080`, unless told otherwise. */
export function askedHttp(
  http: Partial<Omit<HttpRequest, 'headers'>> = {},
  headers: readonly (readonly [string, string])[] = [],
): Question {
  return {
    ...askedTcp(),
    http: { method: 'GET', target: '/a?b=c', host: 'web:8080', ...http, headers: headersOf(headers) },
  }
}

/** A connection of bytes. */
export function askedTcp(): Question {
  return { port: 8080, sourceIp: '10.0.0.9', destinationIp: '10.0.0.1', peer: CLIENT, http: null }
}
