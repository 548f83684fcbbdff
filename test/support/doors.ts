import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import https from 'node:https'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { ErrorInfo, RetryInfo, Status } from '../../src/api/grpc/generated/google/rpc/status.ts'
import {
  type IstioCertificateRequest,
  IstioCertificateServiceService,
} from '../../src/api/grpc/generated/istio/v1/auth/ca.ts'
import { buildCsr } from './csr-builder.ts'
import type { Json } from './jwt-maker.ts'
import type { Service } from './service.ts'
import { exchange } from './service-api.ts'

/** What a caller presents on each request of a connection. */
export interface Proof {
  readonly token?: string
  /** PEM of a chain and its key, shown in the handshake. */
  readonly certificate?: { readonly cert: string; readonly key: string }
}

export interface Ask {
  readonly ttlSeconds?: number
  /** gRPC alone. */
  readonly impersonate?: string
}

/** What either door answered: a chain, or why not, by the code in upper snake case. */
export interface Answer {
  /** HTTP or gRPC status. */
  readonly status: number
  readonly reason: string | null
  /** The leaf and the intermediates, PEM. */
  readonly chain: readonly string[]
  readonly roots: string
  readonly retryAfterSeconds: number | null
}

/** A way to ask for certificates; connections are kept until `close`. */
export interface Door {
  readonly name: 'REST' | 'gRPC'
  ask(csr: string, more?: Ask): Promise<Answer>
  close(): void
}

/** The statuses of the two doors, so that one table serves both. */
export const STATUS = {
  REST: { issued: 201, unauthenticated: 401, denied: 403, tooLarge: 413, exhausted: 429 },
  gRPC: { issued: 0, unauthenticated: 16, denied: 7, tooLarge: 8, exhausted: 8 },
} as const

/** Where the listeners are, and by which roots they are trusted. */
export type Reach = Pick<Service, 'roots' | 'address' | 'port'>

export const DOORS = { REST: openRest, gRPC: openGrpc } as const

const METHOD = IstioCertificateServiceService.createCertificate
const DEADLINE_MS = 60_000

/** `POST /v1/certificates`. */
export function openRest(service: Reach, { token, certificate }: Proof = {}): Door {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 32, ca: service.roots(), ...certificate })
  const authorization: Json = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    name: 'REST',
    async ask(csr, { ttlSeconds } = {}) {
      const body = JSON.stringify(ttlSeconds === undefined ? { csr } : { csr, ttl: ttlSeconds })
      const headers = { ...authorization, 'content-type': 'application/json' }
      const options = { agent, host: '127.0.0.1', port: service.port('https'), path: '/v1/certificates', headers }
      const answer = await exchange(https.request({ ...options, method: 'POST' }), body)
      const { chain = [], bundle = [], code } = answer.json
      const retry = answer.headers['retry-after']
      return {
        status: answer.status,
        reason: code === undefined ? null : toReason(code),
        chain,
        roots: bundle.join(''),
        retryAfterSeconds: retry === undefined ? null : Number(retry),
      }
    },
    close: () => agent.destroy(),
  }
}

/** `IstioCertificateService/CreateCertificate`. */
export function openGrpc(service: Reach, { token, certificate }: Proof = {}): Door {
  const client = openGrpcClient(service, certificate)
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  const { path, requestSerialize, responseDeserialize } = METHOD
  return {
    name: 'gRPC',
    ask: (csr, { ttlSeconds = 0, impersonate } = {}) =>
      new Promise((resolve) => {
        const request: IstioCertificateRequest = {
          csr,
          validityDuration: BigInt(ttlSeconds),
          metadata: impersonate === undefined ? undefined : { ImpersonatedIdentity: impersonate },
        }
        const options = { deadline: Date.now() + DEADLINE_MS }
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          options,
          (error, value) => resolve(error === null ? toAnswer(value?.certChain ?? []) : toRefusal(error)),
        )
      }),
    close: () => client.close(),
  }
}

/** A connection of its own to the gRPC listener. */
export function openGrpcClient(service: Reach, certificate?: Proof['certificate']): Client {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  const tls = credentials.createSsl(Buffer.from(service.roots()), pem(certificate?.key), pem(certificate?.cert))
  return new Client(service.address('grpc'), tls, {
    'grpc.ssl_target_name_override': 'istiod.istio-system.svc',
    'grpc.use_local_subchannel_pool': 1,
  })
}

function toAnswer(elements: readonly string[]): Answer {
  return {
    status: 0,
    reason: null,
    chain: elements.slice(0, -1),
    roots: elements.at(-1) ?? '',
    retryAfterSeconds: null,
  }
}

function toRefusal(error: ServiceError): Answer {
  const [bytes] = error.metadata.get('grpc-status-details-bin')
  const details = Buffer.isBuffer(bytes) ? Status.decode(bytes).details : []
  const find = (name: string) => details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`)
  const info = find('ErrorInfo')
  const retry = find('RetryInfo')
  return {
    status: error.code,
    reason: info === undefined ? null : ErrorInfo.decode(info.value).reason,
    chain: [],
    roots: '',
    retryAfterSeconds: retry === undefined ? null : Number(RetryInfo.decode(retry.value).retryDelay?.seconds),
  }
}

/** A fresh P-256 key and a CSR for it, with the identity as its name. */
export function newRequest(identity?: string): { readonly csr: string; readonly key: KeyObject; readonly pem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const csr = buildCsr(identity === undefined ? { key: privateKey } : { key: privateKey, uris: [identity] })
  return { csr, key: privateKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

/** The serial of the leaf, as the record has it. */
export function serialOf({ chain }: Answer): string {
  return new X509Certificate(chain[0] ?? '').serialNumber.toLowerCase().padStart(32, '0')
}

function toReason(code: string): string {
  return code.toUpperCase().replaceAll('.', '_')
}
