import { readFileSync } from 'node:fs'
import https from 'node:https'
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js'

/** Asks for one certificate; rejects unless it got one. */
type AskCertificate = (csrPem: string, index: number) => Promise<void>

export interface Client {
  readonly ask: AskCertificate
  close(): void
}

export interface ClientOptions {
  readonly address: string
  readonly roots: string
  readonly token?: string
  /** PEM of a certificate chain and its key, to be shown in the handshake. */
  readonly certificate?: { readonly cert: string; readonly key: string }
}

const METHOD = {
  path: '/istio.v1.auth.IstioCertificateService/CreateCertificate',
  requestStream: false,
  responseStream: false,
  requestSerialize: encodeRequest,
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const

/** `connections` gRPC channels, used in turn. */
export function openGrpcClients(options: ClientOptions, connections: number): Client {
  const GrpcClient = makeGenericClientConstructor({ call: METHOD }, 'IstioCertificateService')
  const { certificate: own } = options
  const tls = () =>
    credentials.createSsl(
      Buffer.from(options.roots),
      own === undefined ? null : Buffer.from(own.key),
      own === undefined ? null : Buffer.from(own.cert),
    )
  const address = options.address.replace('127.0.0.1', 'localhost')
  const channels = Array.from(
    { length: connections },
    () => new GrpcClient(address, tls(), { 'grpc.use_local_subchannel_pool': 1 }),
  )
  const metadata = new Metadata()
  if (options.token !== undefined) metadata.set('authorization', `Bearer ${options.token}`)
  return {
    ask: (csr, index) =>
      new Promise((resolve, reject) => {
        const channel = channels[index % connections]
        channel?.call?.(csr, metadata, (error: ServiceError | null) => (error === null ? resolve() : reject(error)))
      }),
    close: () => {
      for (const channel of channels) channel.close()
    },
  }
}

/** HTTPS with `connections` keep-alive connections. */
export function openRestClients(options: ClientOptions, connections: number): Client {
  const agent = new https.Agent({ keepAlive: true, maxSockets: connections, ca: options.roots, ...options.certificate })
  const [host = '', port = ''] = options.address.split(':')
  const authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
  return {
    ask: (csr) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify({ csr })
        const headers = { ...authorization, 'content-type': 'application/json', 'content-length': body.length }
        const request = https.request(
          { agent, host, port, method: 'POST', path: '/v1/certificates', headers },
          (response) => {
            response.resume()
            response.on('end', () => {
              if (response.statusCode === 201) resolve()
              else reject(new Error(`status ${response.statusCode}`))
            })
          },
        )
        request.on('error', reject)
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** An `IstioCertificateRequest` with only the CSR. */
function encodeRequest(csr: string): Buffer {
  const length = Buffer.byteLength(csr)
  return Buffer.concat([Buffer.from([0x0a, (length & 0x7f) | 0x80, length >> 7]), Buffer.from(csr)])
}

/** The trust bundle that the server wrote beside its data. */
export function readRoots(directory: string): string {
  return readFileSync(`${directory}/data/bundle.pem`, 'utf8')
}
