import { lookup } from 'node:dns'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { isLoopbackAddress, isPublicAddress } from './public-address.ts'

/** Thrown for everything that keeps a document from being fetched; the message is for the log, not for clients. */
export class FetchError extends Error {
  override name = 'FetchError'
}

export interface FetchOptions {
  /** PEM of the certificate authorities to trust; absent: the public ones. */
  readonly ca?: string
  /** Judges the certificate (DER) of the server in place of comparing its names with the host; `ca` has vouched for it. */
  readonly checkServer?: (certificate: Buffer) => Error | undefined
  readonly bearerToken?: string
  readonly allowPrivateAddress: boolean
  /** Ends the whole of it, redirects included. */
  readonly signal: AbortSignal
}

export const MAX_DOCUMENT_BYTES = 512 * 1024
const MAX_REDIRECTS = 3

/** Fetches `address` without leaving its host, bounded in size, and only from where it may (hostile 76); `FetchError` otherwise. */
export async function fetchDocument(address: string, options: FetchOptions): Promise<Buffer> {
  let url = URL.parse(address)
  for (let redirects = 0; url !== null && redirects <= MAX_REDIRECTS; redirects++) {
    const response = await get(url, options)
    const location = redirectOf(response)
    if (location === null) return readBody(response, url)
    response.destroy()
    const next = URL.parse(location, url)
    if (next?.origin !== url.origin) throw new FetchError(`${url.href} redirects to another host`)
    url = next
  }
  throw new FetchError(
    url === null ? `${address} is not a URL` : `${address} redirects more than ${MAX_REDIRECTS} times`,
  )
}

async function get(url: URL, options: FetchOptions): Promise<IncomingMessage> {
  const isAllowed = addressRule(url, options.allowPrivateAddress)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isAllowed(host)) throw new FetchError(`${host} is not a public address`)
  const { bearerToken, ca, checkServer, signal } = options
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    agent: false,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
    },
    lookup: checkedLookup(isAllowed),
    ...(ca === undefined ? {} : { ca }),
    ...(checkServer === undefined
      ? {}
      : { checkServerIdentity: (_host: string, { raw }: PeerCertificate) => checkServer(raw) }),
    signal,
  })
  // once there is a response, an error is for whoever reads its body
  request.once('response', (response) => request.on('error', (error) => response.destroy(error)))
  request.end()
  try {
    const [response]: IncomingMessage[] = await once(request, 'response')
    if (response === undefined) throw new TypeError('a response event without a response')
    return response
  } catch (cause) {
    throw new FetchError(`${url.href}: ${reasonOf(cause, signal)}`, { cause })
  }
}

/** Plain http only to this very host, for a sidecar that serves keys. */
function addressRule(url: URL, allowPrivateAddress: boolean): (address: string) => boolean {
  if (url.protocol === 'https:') return allowPrivateAddress ? () => true : isPublicAddress
  if (url.protocol === 'http:' && allowPrivateAddress) return isLoopbackAddress
  throw new FetchError(`${url.protocol} is not allowed, only https:`)
}

/** Judges the addresses that the socket will connect to, so that no second look-up can change them (DNS rebinding). */
function checkedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const refused = addresses.find(({ address }) => !isAllowed(address))
      const [first] = addresses
      if (refused !== undefined || first === undefined) {
        return callback(new FetchError(`${hostname} has an address that is not allowed`), [])
      }
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family)
    })
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function redirectOf(response: IncomingMessage): string | null {
  return REDIRECTS.has(response.statusCode ?? 0) ? (response.headers.location ?? null) : null
}

async function readBody(response: IncomingMessage, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    if (response.statusCode !== 200) throw new FetchError(`the status is ${response.statusCode}`)
    if ((response.headers['content-encoding'] ?? 'identity') !== 'identity') throw new FetchError('it is compressed')
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_DOCUMENT_BYTES) throw new FetchError(`it is longer than ${MAX_DOCUMENT_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    throw new FetchError(`${url.href}: ${reasonOf(cause)}`, { cause })
  } finally {
    response.destroy()
  }
  return Buffer.concat(chunks)
}

function reasonOf(cause: unknown, signal?: AbortSignal): string {
  if (signal?.aborted === true) return 'no answer in time'
  return cause instanceof Error ? cause.message : String(cause)
}
