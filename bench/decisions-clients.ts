import http from 'node:http'
import { credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js'
import { encodeCheckRequest } from '../src/api/grpc/encode-check-request.ts'
import { CheckRequest } from '../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import { toHeaders } from '../src/policy/headers.ts'
import { HEADERS, toQuestion } from './decisions-in-process.ts'
import { type MixRequest, toPrincipal } from './decisions-mix.ts'

/** One request to ask about, with a token or without. */
export interface Ask {
  /** `ns/name`. */
  readonly workload: string
  readonly request: MixRequest
  readonly token: string | null
}

/** Asks a proxy's way; rejects unless the answer is the one that the mix says. */
export interface DecisionClient<Encoded> {
  readonly encode: (ask: Ask) => Encoded
  readonly send: (encoded: Encoded) => Promise<void>
  close(): void
}

interface EncodedCheck {
  readonly bytes: Buffer
  readonly allowed: boolean
}

const METHOD = {
  path: '/envoy.service.auth.v3.Authorization/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const

/** One plaintext channel, as Envoy has one to its authorizer. */
export function openCheckClient(address: string): DecisionClient<EncodedCheck> {
  const GrpcClient = makeGenericClientConstructor({ check: METHOD }, 'Authorization')
  const channel = new GrpcClient(address, credentials.createInsecure())
  return {
    encode: (ask) => ({ bytes: encodeCheck(ask), allowed: ask.request.allowed }),
    send: ({ bytes, allowed }) =>
      new Promise((resolve, reject) => {
        channel.check?.(bytes, (error: ServiceError | null, answer: Buffer) => {
          if (error !== null) reject(error)
          else if (isGranted(answer) !== allowed)
            reject(new Error(`it decides otherwise: ${answer.toString('latin1')}`))
          else resolve()
        })
      }),
    close: () => channel.close(),
  }
}

/** `CheckResponse` begins with its status, which has no code when it grants. */
function isGranted(answer: Buffer): boolean {
  return answer[0] === 0x0a && answer[1] === 0
}

/** As Envoy sends it with `encode_raw_headers`: the fields in `header_map` alone. */
function encodeCheck({ workload, request, token }: Ask): Buffer {
  const question = toQuestion(request)
  const headers = toHeaders(withToken(HEADERS, token))
  const http = question.http === null ? null : { ...question.http, headers }
  const message = CheckRequest.decode(encodeCheckRequest({ ...question, http }))
  const { attributes } = message
  if (attributes?.request?.http === undefined) throw new TypeError('the mix is of HTTP requests')
  attributes.request.http.headers = {}
  attributes.contextExtensions = { workload }
  return Buffer.from(CheckRequest.encode(message).finish())
}

/** The token takes the place of the cookie, so that there are as many fields. */
function withToken(headers: typeof HEADERS, token: string | null): readonly (readonly [string, string])[] {
  if (token === null) return headers
  return headers.map(([name, value]) => (name === 'cookie' ? ['authorization', `Bearer ${token}`] : [name, value]))
}

interface EncodedRequest {
  readonly options: http.RequestOptions
  readonly allowed: boolean
}

/** Envoy's HTTP service over `connections` connections that are kept alive. */
export function openExtAuthzClient(address: string, connections: number): DecisionClient<EncodedRequest> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const [host, port] = address.split(':')
  return {
    encode: ({ workload, request, token }) => ({
      options: {
        agent,
        host,
        port,
        method: request.method,
        path: `/ext-authz${request.path}`,
        headers: toFlatHeaders(withToken(HEADERS, token), { workload, account: request.account }),
      },
      allowed: request.allowed,
    }),
    send: ({ options, allowed }) =>
      new Promise((resolve, reject) => {
        const sent = http.request(options, (response) => {
          response.resume()
          response.on('end', () => {
            if ((response.statusCode === 200) === allowed) resolve()
            else reject(new Error(`it decides otherwise: ${response.statusCode}`))
          })
        })
        sent.on('error', reject).end()
      }),
    close: () => agent.destroy(),
  }
}

function toFlatHeaders(
  fields: readonly (readonly [string, string])[],
  { workload, account }: { readonly workload: string; readonly account: string | null },
): string[] {
  const peer =
    account === null ? [] : ['x-forwarded-client-cert', `Hash=${'ab'.repeat(32)};URI=spiffe://${toPrincipal(account)}`]
  const told = ['host', 'api.shop.example', 'x-alcazar-workload', workload, 'x-alcazar-port', '8080']
  return [...told, 'x-alcazar-source-ip', '10.1.2.3', ...peer, ...fields.flat()]
}
