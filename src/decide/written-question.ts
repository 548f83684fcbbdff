import { isIP } from 'node:net'
import { AppError } from '../kernel/errors.ts'
import type { DeclaredPorts, PortProtocol, Workload } from '../mesh/workload.ts'
import { toHeaders } from '../policy/headers.ts'
import type { HttpRequest, Peer, Question } from '../policy/request.ts'
import { toDeclaredPorts } from './find-workload.ts'

/** A request as people write it and as the conformance corpus has it; `http` unless `protocol` is `tcp`. */
export interface WrittenRequest {
  readonly protocol: 'http' | 'tcp'
  readonly port: number
  /** Empty: not known, as of a Unix socket. */
  readonly sourceIp: string
  /** Null and absent: the workload's own address. */
  readonly destinationIp?: string | null
  /** Null: plaintext. */
  readonly peer: WrittenPeer | null
  readonly method?: string
  /** Raw request target. */
  readonly path?: string
  /** Absent: no Host header. */
  readonly host?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** The proxy that told had joined repeated headers. */
  readonly joined?: boolean
  /** A proxy asked that may have normalised the path and forwards it as it is. */
  readonly viaProxy?: boolean
}

interface WrittenPeer {
  readonly uriSans?: readonly string[]
  /** Empty, null and absent are the same. */
  readonly sni?: string | null
  readonly noCert?: boolean
  /** Null and absent: what an Istio sidecar offers. */
  readonly alpn?: readonly string[] | 'terminated' | null
}

/** A workload that is given whole. */
export interface WrittenWorkload {
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip?: string | null
  /** Null and absent: those of the corpus. */
  readonly ports?: WrittenPorts | null
}

/** By name, whose prefix before `-` is the protocol, or by number; `as-told`: none are declared. */
type WrittenPorts = Readonly<Record<string, number>> | Readonly<Record<string, PortProtocol>> | 'as-told'

/** The question of a request; `path` is where it stands, for `request.malformed` and `limit.size`. */
export function toWrittenQuestion(request: WrittenRequest, path: string): Question {
  const { protocol, port, sourceIp, destinationIp = null, peer } = request
  if (sourceIp !== '') refuseUnlessIp(sourceIp, `${path}.sourceIp`)
  if (destinationIp !== null) refuseUnlessIp(destinationIp, `${path}.destinationIp`)
  const http = protocol === 'tcp' ? null : toHttp(request, path)
  return { port, sourceIp, destinationIp, peer: peer === null ? null : toPeer(peer), http }
}

function toHttp(
  { method, path: target, host, headers = [], joined = false, viaProxy = false }: WrittenRequest,
  path: string,
): HttpRequest {
  if (method === undefined) throw missing(`${path}.method`)
  if (target === undefined) throw missing(`${path}.path`)
  refuseTooLong(headers, `${path}.headers`)
  const http = { method, target, host: host ?? null, headers: { ...toHeaders(headers), joined } }
  return viaProxy ? { ...http, viaProxy } : http
}

/** Far more than any proxy takes; counted as HTTP/2 does (RFC 9113 §6.5.2): name, value and 32 for each. */
const MAX_HEADERS = 1_048_576
const FIELD_OVERHEAD = 32

function refuseTooLong(headers: NonNullable<WrittenRequest['headers']>, path: string): void {
  let size = 0
  for (const [name, value] of headers) size += name.length + value.length + FIELD_OVERHEAD
  if (size > MAX_HEADERS) throw new AppError('limit.size', `\`${path}\` are longer than any proxy takes`)
}

function toPeer({ uriSans = [], sni, noCert = false, alpn = null }: WrittenPeer): Peer {
  return { uriSans, sni: sni === undefined || sni === '' ? null : sni, certificate: !noCert, alpn }
}

/** What every workload of the corpus declares. */
const CORPUS_PORTS: DeclaredPorts = new Map([
  [8080, 'http'],
  [8081, 'http'],
  [9000, 'tcp'],
])

/** The workload as policies select it; `request.malformed` where its address is none. */
export function toWrittenWorkload({ namespace, labels = {}, ip = null, ports = null }: WrittenWorkload): Workload {
  if (ip !== null) refuseUnlessIp(ip, 'workload.ip')
  return { namespace, name: null, labels, ip, ports: ports === null ? CORPUS_PORTS : toPorts(ports) }
}

function toPorts(ports: WrittenPorts): DeclaredPorts {
  if (ports === 'as-told') return ports
  if (!isByNumber(ports)) return toDeclaredPorts(ports)
  return new Map(Object.entries(ports).map(([port, protocol]) => [Number(port), protocol]))
}

function isByNumber(ports: Exclude<WrittenPorts, string>): ports is Readonly<Record<string, PortProtocol>> {
  return Object.values(ports).some((value) => typeof value === 'string')
}

function refuseUnlessIp(text: string, path: string): void {
  if (isIP(text) === 0) throw new AppError('request.malformed', `\`${path}\` must be an IP address`)
}

function missing(path: string): AppError {
  return new AppError('request.malformed', `\`${path}\` is missing: an HTTP request has a method and a path`)
}
