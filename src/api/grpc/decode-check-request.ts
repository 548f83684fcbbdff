import type { HttpRequest } from '../../policy/request.ts'
import { HttpAttributes } from './check-http.ts'
import { malformed, WireReader } from './wire-reader.ts'

/** What is read of an `envoy.service.auth.v3.CheckRequest`, as it was sent; nothing is judged yet. */
export interface CheckRequest {
  readonly source: CheckPeer | null
  readonly destination: CheckPeer | null
  /** Null for a connection (Envoy's network filter). */
  readonly http: HttpRequest | null
  readonly tls: { readonly sni: string } | null
  /** `context_extensions["workload"]`. */
  readonly workload: string | null
}

/** One end of the connection; texts are empty where nothing was sent. */
export interface CheckPeer {
  /** Empty for a Unix socket. */
  readonly address: string
  readonly port: number
  readonly principal: string
  /** URL-encoded PEM. */
  readonly certificate: string
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Reads the message in one pass and throws `request.malformed` for what is none, or has neither source nor destination.
 * A repeated submessage adds to the one before, and unknown fields are passed over (protobuf encoding, "Last One Wins").
 */
export function decodeCheckRequest(bytes: Buffer): CheckRequest {
  const request: Writable<CheckRequest> = { source: null, destination: null, http: null, tls: null, workload: null }
  const http = new HttpAttributes(bytes)
  const message = new WireReader(bytes)
  while (!message.done) {
    const tag = message.tag()
    if (tag >>> 3 === 1) readAttributes(message.message(tag, 'attributes'), request, http)
    else message.passOver(tag)
  }
  if (request.source === null && request.destination === null) throw malformed('neither `source` nor `destination`')
  return { ...request, http: http.toRequest() }
}

function readAttributes(attributes: WireReader, request: Writable<CheckRequest>, http: HttpAttributes): void {
  while (!attributes.done) {
    const tag = attributes.tag()
    const field = tag >>> 3
    if (field === 1) request.source = readPeer(attributes.message(tag, 'source'), request.source)
    else if (field === 2) request.destination = readPeer(attributes.message(tag, 'destination'), request.destination)
    else if (field === 4) readRequest(attributes.message(tag, 'request'), http)
    else if (field === 10) {
      request.workload = readExtension(attributes.message(tag, 'context_extensions')) ?? request.workload
    } else if (field === 12) request.tls = readTls(attributes.message(tag, 'tls_session'), request.tls)
    else attributes.passOver(tag)
  }
}

function readPeer(reader: WireReader, before: CheckPeer | null): CheckPeer {
  const peer: Writable<CheckPeer> = { address: '', port: 0, principal: '', certificate: '', ...before }
  while (!reader.done) {
    const tag = reader.tag()
    const field = tag >>> 3
    if (field === 1) readAddress(reader.message(tag, 'address'), peer)
    else if (field === 4) peer.principal = reader.text(tag, 'principal')
    else if (field === 5) peer.certificate = reader.text(tag, 'certificate')
    else reader.passOver(tag)
  }
  return peer
}

/** A socket address or, where nothing is known of the network, a pipe. */
function readAddress(address: WireReader, peer: Writable<CheckPeer>): void {
  while (!address.done) {
    const tag = address.tag()
    if (tag >>> 3 === 1) readSocketAddress(address.message(tag, 'socket_address'), peer)
    else address.passOver(tag)
  }
}

const MAX_PORT = 65_535

function readSocketAddress(address: WireReader, peer: Writable<CheckPeer>): void {
  while (!address.done) {
    const tag = address.tag()
    const field = tag >>> 3
    if (field === 2) peer.address = address.text(tag, 'address')
    else if (field === 3) peer.port = address.int64(tag, 'port_value')
    else address.passOver(tag)
  }
  if (peer.port < 0 || peer.port > MAX_PORT) throw malformed('`port_value` is no port')
}

function readTls(tls: WireReader, before: CheckRequest['tls']): { readonly sni: string } {
  let sni = before?.sni ?? ''
  while (!tls.done) {
    const tag = tls.tag()
    if (tag >>> 3 === 1) sni = tls.text(tag, 'sni')
    else tls.passOver(tag)
  }
  return { sni }
}

/** The value of an entry whose key is `workload`. */
function readExtension(entry: WireReader): string | null {
  let key = ''
  let value = ''
  while (!entry.done) {
    const tag = entry.tag()
    const field = tag >>> 3
    if (field === 1) key = entry.text(tag, 'context_extensions key')
    else if (field === 2) value = entry.text(tag, 'context_extensions value')
    else entry.passOver(tag)
  }
  return key === 'workload' ? value : null
}

function readRequest(request: WireReader, http: HttpAttributes): void {
  while (!request.done) {
    const tag = request.tag()
    if (tag >>> 3 === 2) http.read(request.message(tag, 'http'))
    else request.passOver(tag)
  }
}
