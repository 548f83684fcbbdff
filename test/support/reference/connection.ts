import { isRecognisedAsHttp } from './canonical.ts'
import { type Mode, modeOf } from './peer.ts'
import type { Request, RequestPeer, Row } from './row.ts'

/** What becomes of a connection before any policy but PeerAuthentication. */
export type Connection =
  | { readonly kind: 'closed'; readonly cause: 'tls' | 'no_filter_chain' | 'protocol' }
  | { readonly kind: 'plaintext' | 'mtls' | 'opaque'; readonly judgedAs: 'http' | 'tcp'; readonly mode: Mode }

const MESH_HTTP_ALPN = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2']
const MESH_ALPN = ['istio', 'istio-peer-exchange', ...MESH_HTTP_ALPN]
const SIDECAR_ALPN = {
  http: ['istio-http/1.1', 'istio', 'http/1.1'],
  tcp: ['istio-peer-exchange', 'istio'],
}

/** Classifies the connection of a request by the mode of its port and by what the client offers. */
export function classify(row: Row, request: Request): Connection {
  const mode = modeOf(row, request.port)
  const declared = protocolOf(row, request.port)
  const { peer } = request
  if (peer === null) {
    if (mode === 'STRICT') return { kind: 'closed', cause: 'no_filter_chain' }
    const detected = request.protocol === 'http' && isRecognisedAsHttp(request) ? 'http' : 'tcp'
    return { kind: 'plaintext', judgedAs: declared ?? detected, mode }
  }
  const alpn = peer.alpn ?? SIDECAR_ALPN[request.protocol]
  const isMesh = alpn.some((protocol) => MESH_ALPN.includes(protocol))
  if (mode === 'DISABLE' || (mode === 'PERMISSIVE' && !isMesh)) {
    if (declared !== 'http') return { kind: 'opaque', judgedAs: 'tcp', mode }
    return { kind: 'closed', cause: mode === 'DISABLE' ? 'protocol' : 'no_filter_chain' }
  }
  if (!hasMeshCertificate(peer, row)) return { kind: 'closed', cause: 'tls' }
  const offered = alpn.some((protocol) => MESH_HTTP_ALPN.includes(protocol)) ? 'http' : 'tcp'
  return { kind: 'mtls', judgedAs: declared ?? offered, mode }
}

function hasMeshCertificate(peer: RequestPeer, { mesh }: Row): boolean {
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases]
  const prefixes = domains.map((domain) => `spiffe://${domain}/`)
  return !peer.noCert && peer.uriSans.some((san) => prefixes.some((prefix) => san.startsWith(prefix)))
}

function protocolOf({ workload }: Row, port: number): 'http' | 'tcp' | undefined {
  const ports = workload.ports ?? { 'http-a': 8080, 'http-b': 8081, 'tcp-a': 9000 }
  const name = Object.keys(ports).find((candidate) => ports[candidate] === port)
  if (name === undefined) return undefined
  return name.split('-')[0] === 'http' ? 'http' : 'tcp'
}
