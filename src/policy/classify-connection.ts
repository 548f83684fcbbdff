import { asciiLower } from '../kernel/ascii-lower.ts'
import type { DeclaredPorts, PortProtocol } from '../mesh/workload.ts'
import { isRequestLine } from './canonical-request.ts'
import type { Cause } from './decision.ts'
import type { PeerMode } from './peer-mode.ts'
import type { Peer, Question } from './request.ts'
import { SCHEME } from './spiffe-san.ts'

/** How a connection gets in, or why it does not. */
export type Admission =
  | {
      readonly admitted: true
      readonly tls: 'none' | 'mutual' | 'opaque'
      /** Whether the port's HTTP is read; otherwise the rules for TCP hold. */
      readonly http: boolean
      /** What of the ClientHello policies see. */
      readonly sni: string | null
    }
  | {
      readonly admitted: false
      readonly cause: Extract<Cause, 'tls' | 'no_filter_chain' | 'protocol'>
      readonly why: string
    }

export interface AdmissionContext {
  readonly mode: PeerMode
  readonly ports: DeclaredPorts
  readonly trustDomains: readonly string[]
}

/** Classifies a connection as the filter chains of an Istio sidecar's inbound listener do. */
export function classifyConnection(question: Question, context: AdmissionContext): Admission {
  const admission = classify(question, context)
  // the TLS inspector folds the name (Envoy)
  return admission.admitted && admission.sni !== null ? { ...admission, sni: asciiLower(admission.sni) } : admission
}

function classify(question: Question, context: AdmissionContext): Admission {
  const { peer } = question
  const declared = declaredProtocol(question, context.ports)
  if (peer === null) return classifyPlaintext(question, context.mode, declared)
  if (context.mode === 'DISABLE') {
    return declared === 'http'
      ? { admitted: false, cause: 'protocol', why: 'TLS on an HTTP port whose mode is DISABLE' }
      : { admitted: true, tls: 'opaque', http: false, sni: null }
  }
  if (context.mode === 'PERMISSIVE' && !offersIstio(peer)) {
    return declared === 'http'
      ? { admitted: false, cause: 'no_filter_chain', why: "TLS without one of Istio's ALPNs on a PERMISSIVE HTTP port" }
      : { admitted: true, tls: 'opaque', http: false, sni: peer.sni }
  }
  return classifyMutual({ question, peer, declared }, context.trustDomains)
}

/** Undefined: the port is not declared, so the protocol is detected. */
function declaredProtocol({ port, http }: Question, ports: DeclaredPorts): PortProtocol | undefined {
  if (ports === 'as-told') return http === null ? 'tcp' : 'http'
  return ports.get(port)
}

function classifyPlaintext(question: Question, mode: PeerMode, declared: PortProtocol | undefined): Admission {
  if (mode === 'STRICT') return { admitted: false, cause: 'no_filter_chain', why: 'plaintext to a STRICT port' }
  return { admitted: true, tls: 'none', http: readsHttp(question, declared), sni: null }
}

interface MutualTls {
  readonly question: Question
  readonly peer: Peer
  readonly declared: PortProtocol | undefined
}

function classifyMutual({ question, peer, declared }: MutualTls, trustDomains: readonly string[]): Admission {
  if (!peer.certificate) return { admitted: false, cause: 'tls', why: 'no client certificate' }
  if (!isOfAny(peer.uriSans, trustDomains)) {
    return {
      admitted: false,
      cause: 'tls',
      why: `no URI SAN of the trust domain: ${peer.uriSans.join(', ') || 'none'}`,
    }
  }
  const http = question.http !== null && (declared === undefined ? offersHttp(question, peer) : declared === 'http')
  return { admitted: true, tls: 'mutual', http, sni: peer.sni }
}

function isOfAny(sans: readonly string[], trustDomains: readonly string[]): boolean {
  for (const san of sans) {
    for (const own of trustDomains) {
      const isOwn =
        san.startsWith(SCHEME) && san.startsWith(own, SCHEME.length) && san[SCHEME.length + own.length] === '/'
      if (isOwn) return true
    }
  }
  return false
}

function readsHttp({ http }: Question, declared: PortProtocol | undefined): boolean {
  if (http === null || declared === 'tcp') return false
  return declared === 'http' || isRequestLine(http)
}

const HTTP_ALPNS: ReadonlySet<string> = new Set(['istio-http/1.0', 'istio-http/1.1', 'istio-h2'])

/** On an undeclared port the ALPN tells the protocol of terminated TLS; a sidecar offers it by what it sends. */
function offersHttp({ http }: Question, { alpn }: Peer): boolean {
  return alpn === null || alpn === 'terminated' ? http !== null : alpn.some((name) => HTTP_ALPNS.has(name))
}

const ISTIO_ALPNS: ReadonlySet<string> = new Set([
  'istio',
  'istio-peer-exchange',
  'istio-http/1.0',
  'istio-http/1.1',
  'istio-h2',
])

/** A proxy that ended TLS itself demanded what the mode asks for, whatever ALPN there was. */
function offersIstio({ alpn }: Peer): boolean {
  return alpn === null || alpn === 'terminated' || alpn.some((name) => ISTIO_ALPNS.has(name))
}
