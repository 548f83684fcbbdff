import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { parseStrictJsonBytes } from '../../kernel/strict-json.ts'

/** Another Alcazar whose root is to sign, and how this service proves that it may ask: a certificate or a token, as files. */
export interface UpstreamOptions {
  /** https, without a path. */
  readonly url: string
  /** PEM of what its server certificate is verified with. */
  readonly caFile: string
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly tokenFile?: string | undefined
}

/** PEM; the chain begins with the intermediate that was asked for. */
export interface UpstreamAnswer {
  readonly chain: readonly string[]
  readonly roots: readonly string[]
}

/** Why there is no certificate; the message is for administrators. */
export class UpstreamError extends Error {
  override name = 'UpstreamError'
}

const TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 256 * 1024
const MAX_CERTIFICATES = 20

/** Asks for a certificate for the CSR; the files are read anew each time, as they are renewed. Throws `UpstreamError`. */
export async function askUpstream(options: UpstreamOptions, csr: string): Promise<UpstreamAnswer> {
  try {
    const response = await post(options, JSON.stringify({ csr }))
    const body = await readBody(response)
    if (response.statusCode === 201) return toAnswer(body)
    throw new UpstreamError(`it answered ${response.statusCode}: ${reasonOf(body)}`)
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause
    throw new UpstreamError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

async function post(options: UpstreamOptions, body: string): Promise<IncomingMessage> {
  const read = async (file: string | undefined) => (file === undefined ? undefined : await readFile(file, 'utf8'))
  const { caFile, certFile, keyFile, tokenFile } = options
  const [ca, cert, key, token] = await Promise.all([caFile, certFile, keyFile, tokenFile].map(read))
  const request = httpsRequest(new URL('/v1/authorities/sign-intermediate', options.url), {
    method: 'POST',
    agent: false,
    ...{ ca, cert, key, minVersion: 'TLSv1.2' },
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  request.once('response', (response) => request.on('error', (error) => response.destroy(error)))
  request.end(body)
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (response === undefined) throw new TypeError('a response event without a response')
  return response
}

async function readBody(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw new UpstreamError(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return parseStrictJsonBytes(Buffer.concat(chunks), { maxDepth: 8 })
}

function toAnswer(body: unknown): UpstreamAnswer {
  const { chain, roots } = toObject(body)
  return { chain: toTexts(chain, 'chain'), roots: toTexts(roots, 'roots') }
}

function toTexts(value: unknown, name: string): readonly string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MAX_CERTIFICATES
  if (isList && value.every((item) => typeof item === 'string')) return value
  throw new UpstreamError(`its answer has no \`${name}\`: is it an Alcazar?`)
}

function reasonOf(body: unknown): string {
  const { code, detail } = toObject(body)
  return `${String(detail ?? 'no reason').slice(0, 512)} [${String(code ?? 'no code').slice(0, 64)}]`
}

function toObject(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {}
}
