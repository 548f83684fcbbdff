import { isIP } from 'node:net'
import type { Peer, Question } from '../../policy/request.ts'
import type { UrisOfCertificate } from '../peer-uris.ts'
import type { CheckPeer, CheckRequest } from './decode-check-request.ts'
import { malformed } from './wire-reader.ts'

/**
 * What the proxy asks, in the terms of policies. What it does not tell stays unknown: without an address the port is 0
 * and the source empty (a Unix socket), which holds in every rule that refuses and in none that allows.
 */
export function toQuestion(request: CheckRequest, urisOf: UrisOfCertificate): Question {
  const { source, destination, http } = request
  const destinationIp = addressOf(destination)
  return {
    port: destination?.port ?? 0,
    sourceIp: addressOf(source),
    destinationIp: destinationIp === '' ? null : destinationIp,
    peer: peerOf(request, urisOf),
    http: http === null ? null : { ...http, viaProxy: true },
  }
}

function addressOf(peer: CheckPeer | null): string {
  const address = peer?.address ?? ''
  if (address !== '' && isIP(address) === 0) throw malformed('an address is no IP address')
  return address
}

/**
 * Envoy names a principal only where it verified a client certificate. The TLS session it sends, empty, of a plaintext
 * connection too (seen with 1.40), so that only a name in it tells. A principal that is no SPIFFE ID (a DNS name, the
 * subject) is no identity here, so that only negative fields match it.
 */
function peerOf({ source, tls }: CheckRequest, urisOf: UrisOfCertificate): Peer | null {
  const certificate = source?.certificate ?? ''
  const named = source?.principal ?? ''
  const principal = isSpiffe(named) ? named : ''
  const sni = tls === null || tls.sni === '' ? null : tls.sni
  if (principal === '' && certificate === '' && sni === null) return null
  const principals = principal === '' ? [] : [principal]
  const uriSans = certificate === '' ? principals : urisOf(certificate)
  if (principals.some((san) => !uriSans.includes(san))) throw malformed('`principal` is not in `certificate`')
  return { uriSans, sni, certificate: certificate !== '' || uriSans.length > 0, alpn: 'terminated' }
}

/** One SPIFFE ID; not several in a row, which no certificate has as one name. */
function isSpiffe(principal: string): boolean {
  return principal.startsWith('spiffe://') && !/[\s,;]/.test(principal)
}
