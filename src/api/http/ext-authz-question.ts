import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { AppError } from '../../kernel/errors.ts'
import type { Peer, Question } from '../../policy/request.ts'
import type { ToldWorkload } from '../asked-workload.ts'
import type { UrisOfCertificate } from '../peer-uris.ts'
import { parseClientCertificateHeader } from './client-certificate-header.ts'
import { toldBy } from './ext-authz-headers.ts'
import { type Form, toClientRequest } from './ext-authz-request.ts'

type RawHeaders = readonly string[]

/** What the proxy says of the workload that it asks about. */
export function toToldWorkload({ rawHeaders }: IncomingMessage): ToldWorkload {
  const name = toldBy(rawHeaders, 'x-alcazar-workload')
  return { name, principal: '', address: toldAddress(rawHeaders, 'x-alcazar-destination-ip') ?? '' }
}

/**
 * What the proxy asks, in the terms of policies. Throws `request.malformed` for a header of a wrong form; what is not
 * told stays unknown: without them the port is 0 and the source empty, which holds in every rule that refuses and in
 * none that allows.
 */
export function toQuestion(message: IncomingMessage, form: Form, urisOf: UrisOfCertificate): Question {
  const { rawHeaders } = message
  return {
    port: toldPort(rawHeaders),
    sourceIp: toldAddress(rawHeaders, 'x-alcazar-source-ip') ?? '',
    destinationIp: toldAddress(rawHeaders, 'x-alcazar-destination-ip'),
    peer: toldPeer(rawHeaders, urisOf),
    http: { ...toClientRequest(message, form), viaProxy: true },
  }
}

const PORT = /^[1-9]\d{0,4}$/
const MAX_PORT = 65_535

function toldPort(rawHeaders: RawHeaders): number {
  const text = toldBy(rawHeaders, 'x-alcazar-port')
  if (text === null) return 0
  if (PORT.test(text) && Number(text) <= MAX_PORT) return Number(text)
  throw new AppError('request.malformed', '`x-alcazar-port` must be a port from 1 to 65535')
}

function toldAddress(rawHeaders: RawHeaders, name: string): string | null {
  const text = toldBy(rawHeaders, name)
  if (text === null || isIP(text) !== 0) return text
  throw new AppError('request.malformed', `\`${name}\` must be an IP address`)
}

/** The proxy appends its own client's element to those it was sent, so the last is that of the peer. */
function toldPeer(rawHeaders: RawHeaders, urisOf: UrisOfCertificate): Peer | null {
  const sni = toldBy(rawHeaders, 'x-alcazar-sni') || null
  const header = toldBy(rawHeaders, 'x-forwarded-client-cert')
  const element = header === null ? undefined : parseClientCertificateHeader(header).at(-1)
  if (element === undefined) return sni === null ? null : { uriSans: [], sni, certificate: false, alpn: 'terminated' }
  const { uris, certificate } = element
  const uriSans = uris.length === 0 && certificate !== null ? urisOf(certificate) : uris
  return { uriSans, sni, certificate: true, alpn: 'terminated' }
}
