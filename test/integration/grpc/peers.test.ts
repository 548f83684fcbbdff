import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { connect as netConnect } from 'node:net'
import { after, before, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { addCertificateService } from '../../../src/api/grpc/certificate-service.ts'
import { IstioCertificateServiceService } from '../../../src/api/grpc/generated/istio/v1/auth/ca.ts'
import { type GrpcListener, openGrpcListener } from '../../../src/api/grpc/listen.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { testAuthorities } from '../../support/authority.ts'
import { type Credentials, testCredentials } from '../../support/serving.ts'

const NO_LIMIT = { maxBytes: () => null, onHit: () => {} }

let server: Credentials
let victim: Credentials
let listener: GrpcListener
const seen: (Buffer | undefined)[] = []

before(async () => {
  const authorities = await testAuthorities('ec-p256', Date.now())
  server = await testCredentials(authorities, { dns: ['localhost'], ips: ['127.0.0.1', '127.0.0.2'] })
  victim = await testCredentials(authorities, { uri: 'spiffe://cluster.local/ns/a/sa/victim' })
  listener = await openGrpcListener({
    host: '0.0.0.0',
    port: 0,
    tls: { current: () => server, onChange: () => () => {} },
    limits: () => ({ body: 65_536, bodyTimeout: 10, concurrentStreams: 256, connections: 100, headerTimeout: 1 }),
    addServices: (grpc, peers) =>
      addCertificateService(grpc, {
        onUnread: () => {},
        message: NO_LIMIT,
        metadata: NO_LIMIT,
        issue: async ({ evidence }) => {
          seen.push(evidence.clientCertificate)
          throw new AppError('auth.missing', 'none')
        },
        peers,
        nextRequestId: () => 'r1',
        onFailure: () => {},
      }),
  })
})
after(() => listener.close(1))

test('a connection with the address and port of another never gets that one’s client certificate', async () => {
  const first = connect('127.0.0.1', { key: victim.key, cert: victim.cert })
  await once(first, 'secureConnect')
  const { localPort } = first
  assert.ok(localPort !== undefined)
  assert.equal(await call(first), 'answered')
  assert.deepEqual(seen.pop(), victim.der)

  // Same source address and port, another address of the server: TCP tells them apart, `ip:port` does not.
  const second = connect('127.0.0.2', { localPort })
  second.on('error', () => {})
  assert.equal(await call(second), 'closed')
  assert.deepEqual(seen, [])
  assert.equal(await call(first), 'answered')
  assert.deepEqual(seen.pop(), victim.der)

  first.destroy()
  await once(first, 'close')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const third = connect('127.0.0.2', { localPort })
  assert.equal(await call(third), 'answered')
  assert.deepEqual(seen, [undefined])
  third.destroy()
})

interface ConnectOptions {
  readonly key?: string
  readonly cert?: string
  readonly localPort?: number
}

function connect(host: string, options: ConnectOptions): TLSSocket {
  const localPort = options.localPort ?? 20_000 + Math.floor(Math.random() * 10_000) // bound by name: both may have it
  const port = Number(listener.address.split(':')[1])
  const socket = netConnect({ host, port, localAddress: '127.0.0.1', localPort })
  return tlsConnect({ socket, servername: 'localhost', ca: server.roots, ALPNProtocols: ['h2'], ...options })
}

const sessions = new WeakMap<TLSSocket, http2.ClientHttp2Session>()

function call(socket: TLSSocket): Promise<'answered' | 'closed'> {
  let session = sessions.get(socket)
  if (session === undefined) {
    session = http2.connect('https://localhost', { createConnection: () => socket })
    session.on('error', () => {})
    sessions.set(socket, session)
  }
  const stream = session.request({
    ':method': 'POST',
    ':path': IstioCertificateServiceService.createCertificate.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.end(Buffer.alloc(5))
  stream.resume()
  return new Promise((resolve) => {
    stream.on('response', () => resolve('answered'))
    stream.on('error', () => resolve('closed'))
    stream.on('close', () => resolve('closed'))
  })
}
