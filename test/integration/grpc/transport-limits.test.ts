import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { connect as netConnect } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { connect } from 'node:tls'
import { status } from '@grpc/grpc-js'
import { addHealthService } from '../../../src/api/grpc/health-service.ts'
import { type GrpcLimits, type GrpcListener, openGrpcListener } from '../../../src/api/grpc/listen.ts'
import { addReflectionService } from '../../../src/api/grpc/reflection-service.ts'
import { testAuthorities } from '../../support/authority.ts'
import { type Credentials, testCredentials } from '../../support/serving.ts'

const LIMITS: GrpcLimits = { body: 65_536, bodyTimeout: 10, concurrentStreams: 4, connections: 3, headerTimeout: 60 }
const WATCH = '/grpc.health.v1.Health/Watch'

let server: Credentials
let listener: GrpcListener
let limits = LIMITS
let hits: string[] = []

before(async () => {
  server = await testCredentials(await testAuthorities('ec-p256', Date.now()), { dns: ['localhost'] })
  const metadata = { maxBytes: () => 1024, onHit: () => void hits.push('headers') }
  listener = await openGrpcListener({
    host: '127.0.0.1',
    port: 0,
    tls: { current: () => server, onChange: () => () => {} },
    limits: () => limits,
    onLimitHit: (limit) => void hits.push(limit),
    addServices(grpc) {
      addHealthService(grpc, { serving: (service) => (service === '' ? true : undefined), metadata })
      addReflectionService(grpc, { services: [], metadata })
    },
  })
})
after(() => listener.close(1))
beforeEach(() => {
  hits = []
  limits = LIMITS
  listener.refreshLimits()
})

const port = () => Number(listener.address.split(':')[1])

function openSession(): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${port()}`, { ca: server.roots })
  session.on('error', () => {})
  return session
}

function start(session: http2.ClientHttp2Session, path: string, headers: http2.OutgoingHttpHeaders = {}) {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers })
  stream.on('error', () => {})
  return stream
}

/** An uncompressed gRPC message, up to 127 bytes of it. */
const frame = (...message: number[]) => Buffer.from([0, 0, 0, 0, message.length, ...message])

/** The status that ends a call, whether in trailers or instead of an answer. */
async function statusOf(stream: http2.ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    const take = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']))
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('close', () => reject(new Error('there was no status')))
    stream.resume()
  })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('limits.connections: one more is closed at once and counted; reloading lifts it', async () => {
  const sockets = Array.from({ length: 3 }, () => netConnect(port(), '127.0.0.1'))
  await until(() => listener.connections() === 3)
  const refused = netConnect(port(), '127.0.0.1')
  refused.on('error', () => {})
  await once(refused, 'close')
  assert.deepEqual(hits, ['connections'])
  limits = { ...LIMITS, connections: null }
  listener.refreshLimits()
  const taken = netConnect(port(), '127.0.0.1')
  await until(() => listener.connections() === 4)
  for (const socket of [...sockets, taken]) socket.destroy()
  await until(() => listener.connections() === 0)
})

test('limits.headerTimeout bounds the handshake, as reloaded, and nothing that comes after it', async () => {
  limits = { ...LIMITS, headerTimeout: 1 }
  const done = connect({
    host: '127.0.0.1',
    port: port(),
    ca: server.roots,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  })
  const silent = netConnect(port(), '127.0.0.1')
  silent.on('error', () => {})
  await once(silent, 'close')
  assert.deepEqual(hits, ['headerTimeout'])
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(!done.destroyed)
  done.destroy()
  await until(() => listener.connections() === 0)
})

test('limits.concurrentStreams: a connection that is full is counted each time that it comes to be', async () => {
  const session = openSession()
  const watch = () => {
    const stream = start(session, WATCH)
    stream.resume().end(frame())
    return stream
  }
  const streams = [watch(), watch(), watch()]
  for (const stream of streams) await once(stream, 'response')
  assert.deepEqual(hits, [])
  await once(watch(), 'response')
  assert.deepEqual(hits, ['concurrentStreams'])
  streams[0]?.close()
  await new Promise<void>((resolve) => session.ping(() => resolve())) // the server has closed it, too
  await once(watch(), 'response')
  assert.deepEqual(hits, ['concurrentStreams', 'concurrentStreams'])
  session.destroy()
})

const V1 = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'
const ALPHA = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'
for (const path of ['/grpc.health.v1.Health/Check', WATCH, V1, ALPHA]) {
  test(`${path}: a message that is none is INVALID_ARGUMENT`, async () => {
    const session = openSession()
    const stream = start(session, path)
    stream.end(frame(0x0a, 0x7f, 0x41))
    assert.equal(await statusOf(stream), status.INVALID_ARGUMENT)
    session.destroy()
  })

  test(`${path}: metadata over limits.headers is RESOURCE_EXHAUSTED`, async () => {
    const session = openSession()
    const stream = start(session, path, { 'x-long': 'a'.repeat(1024) })
    stream.end(frame())
    assert.equal(await statusOf(stream), status.RESOURCE_EXHAUSTED)
    assert.deepEqual(hits, ['headers'])
    session.destroy()
  })
}

test('health is told, and a service that is not there is NOT_FOUND', async () => {
  const session = openSession()
  const known = start(session, '/grpc.health.v1.Health/Check')
  known.end(frame())
  assert.equal(await statusOf(known), status.OK)
  const unknown = start(session, '/grpc.health.v1.Health/Check')
  unknown.end(frame(0x0a, 0x01, 0x78))
  assert.equal(await statusOf(unknown), status.NOT_FOUND)
  session.destroy()
})

test('reflection: who does not take its answers is not read any further, and gets all of them later', async () => {
  const session = openSession()
  const stream = start(session, V1)
  stream.end(
    Buffer.concat(Array.from({ length: 20_000 }, () => frame(0x22, 0x50, ...new Array<number>(0x50).fill(0x61)))),
  )
  await once(stream, 'response')
  await new Promise((resolve) => setTimeout(resolve, 1_000)) // long enough to read all of it
  assert.ok(stream.writableLength > 1_000_000, `${stream.writableLength} bytes wait at the client`)
  assert.equal(await statusOf(stream), status.OK)
  session.destroy()
})
