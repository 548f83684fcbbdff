import type { Headers, Peer } from '../policy/request.ts'

const CLIENT_CERTIFICATE = 'x-forwarded-client-cert'
const PROTOCOL = 'x-forwarded-proto'
const REQUEST_ID = 'x-request-id'
/** It is random there, so a condition can only ask whether it is present. */
const GENERATED = ['generated']

/** How the request came in. */
export interface Arrival {
  readonly peer: Peer | null
  readonly tls: 'none' | 'mutual' | 'opaque'
  readonly scheme: 'http' | 'https'
}

/**
 * The header fields with those that a sidecar sets before any policy. A proxy that asks after it ended TLS has done so
 * already.
 */
export function withSidecarFields(headers: Headers, arrival: Arrival): Headers {
  return arrival.peer?.alpn === 'terminated' ? headers : new SidecarHeaders(headers, arrival)
}

/** Nothing is worked out before a policy asks for it. */
class SidecarHeaders implements Headers {
  readonly joined: boolean
  readonly #sent: Headers
  readonly #arrival: Arrival

  constructor(sent: Headers, arrival: Arrival) {
    this.joined = sent.joined
    this.#sent = sent
    this.#arrival = arrival
  }

  values(name: string): readonly string[] {
    if (name === CLIENT_CERTIFICATE) return clientCertificate(this.#sent, this.#arrival)
    const values = this.#sent.values(name)
    if (values.length > 0) return values
    if (name === PROTOCOL) return [this.#arrival.scheme]
    return name === REQUEST_ID ? GENERATED : values
  }

  *entries(): Iterable<readonly [string, string]> {
    for (const entry of this.#sent.entries()) if (entry[0].toLowerCase() !== CLIENT_CERTIFICATE) yield entry
    for (const value of this.values(CLIENT_CERTIFICATE)) yield [CLIENT_CERTIFICATE, value]
    for (const name of [PROTOCOL, REQUEST_ID]) {
      if (this.#sent.values(name).length === 0) for (const value of this.values(name)) yield [name, value]
    }
  }
}

/** Removed from plaintext requests; on mutual TLS the peer's own element stands behind what the client sent. */
function clientCertificate(headers: Headers, { peer, tls }: Arrival): readonly string[] {
  if (tls !== 'mutual' || peer === null) return []
  const uris = peer.uriSans.map((san) => `URI=${san}`).join(';')
  return [[...headers.values(CLIENT_CERTIFICATE), `By=;Hash=;Subject="";${uris}`].join(',')]
}
