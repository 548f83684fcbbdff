import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { AuthorizationService } from '../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import { HealthService } from '../../src/api/grpc/generated/grpc/health/v1/health.ts'
import type { GrpcListener } from '../../src/api/grpc/listen.ts'
import { openGrpc } from '../../src/api/grpc/services.ts'
import { type HttpListener, openHttps } from '../../src/api/http/listen.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { testAuthorities } from '../support/authority.ts'
import { checkHttp, checkPeer, checkRequest, readCheckResponse, socketAddress, WEB } from '../support/check.ts'
import { decided, FakeDecide, fakeDecisions } from '../support/fake-decisions.ts'
import { fakeDeps, ISSUED, LIMITS } from '../support/http.ts'
import { type Credentials, testCredentials } from '../support/serving.ts'

const OTHER = 'spiffe://cluster.local/ns/default/sa/other'
const authorities = await testAuthorities('ec-p256', Date.now())
const serving = await testCredentials(authorities, { dns: ['localhost'], ips: ['127.0.0.1'] })
const proxy = await testCredentials(authorities, { uri: WEB })
const stranger = await testCredentials(authorities, { uri: 'spiffe://cluster.local/ns/default/sa/stranger' })
const tls = { current: () => serving, onChange: () => () => {} }
const fake = new FakeDecide()
let ready = true
let grpc: GrpcListener
let http: HttpListener

const decisions = fakeDecisions({
  decide: fake.decide,
  ready: () => ready,
  identify(certificate) {
    if (certificate.equals(proxy.der)) return WEB
    throw new AppError('auth.certificate_untrusted', 'not ours')
  },
})

before(async () => {
  const { log, nextRequestId } = fakeDeps()
  const address = { host: '127.0.0.1', port: 0 }
  grpc = await openGrpc(address, tls, {
    issue: async () => ISSUED,
    onUnread: () => {},
    ready: () => ({ ok: true }),
    nextRequestId,
    log,
    limits: () => ({ ...LIMITS, checkMessage: 1_048_576, concurrentStreams: 256 }),
    onLimitHit: () => {},
    decisions,
  })
  http = await openHttps(address, tls, fakeDeps({ decisions }))
})

beforeEach(() => {
  fake.asked.length = 0
  fake.answer = () => decided()
  ready = true
})

after(() => Promise.all([grpc.close(1), http.close(1)]))

function openClient(own?: Credentials): Client {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  const channel = credentials.createSsl(Buffer.from(serving.roots), pem(own?.key), pem(own?.cert))
  const options = { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 }
  return new Client(grpc.address, channel, options)
}

async function check(own: Credentials | undefined, bytes = checkRequest()) {
  const client = openClient(own)
  const { path } = AuthorizationService.check
  try {
    return await new Promise<ReturnType<typeof readCheckResponse>>((resolve, reject) =>
      client.makeUnaryRequest(
        path,
        (request: Buffer) => request,
        readCheckResponse,
        bytes,
        (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
      ),
    )
  } finally {
    client.close()
  }
}

describe('Check over TLS', () => {
  test('is about the caller’s own workload; the address tells which of several', async () => {
    assert.equal((await check(proxy)).code, 0)
    assert.deepEqual(fake.asked[0]?.workload, { by: 'identity', identity: WEB, address: '10.0.0.1' })
    assert.equal((await check(proxy, checkRequest({ contextExtensions: { workload: 'default/web' } }))).code, 0)
  })

  const another = checkPeer({ address: socketAddress('10.0.0.1', 8080), principal: OTHER })
  const refused: readonly (readonly [string, Credentials | undefined, Buffer | undefined])[] = [
    ['without a client certificate', undefined, undefined],
    ['with one that is not trusted', stranger, undefined],
    ['about another’s workload', proxy, checkRequest({ contextExtensions: { workload: 'default/other' } })],
    ['about another’s principal', proxy, checkRequest({ destination: another })],
  ]
  for (const [title, own, bytes] of refused) {
    test(`${title} is refused, and the call succeeds`, async () => {
      const { code, http: status } = await check(own, bytes)
      assert.deepEqual([code, status, fake.asked.length], [7, 403, 0])
    })
  }

  test('messages over `limits.body` are for callers that are known', async () => {
    const long = checkRequest({ request: { http: checkHttp({ path: `/${'a'.repeat(500_000)}` }) } })
    assert.equal((await check(proxy, long)).code, 0)
    await assert.rejects(check(stranger, long), (error: ServiceError) => error.code === 8)
  })

  test('hostile 101: health of the service is that of the store alone', async () => {
    const { requestSerialize, responseDeserialize, path } = HealthService.check
    const client = openClient()
    const healthOf = (service: string) =>
      new Promise<number | undefined>((resolve) =>
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (_, answer) =>
          resolve(answer?.status),
        ),
      )
    ready = false
    assert.deepEqual([await healthOf('envoy.service.auth.v3.Authorization'), await healthOf('')], [2, 1])
    ready = true
    assert.equal(await healthOf('envoy.service.auth.v3.Authorization'), 1)
    client.close()
  })
})

async function ask(own: Credentials | undefined, headers: OutgoingHttpHeaders = {}, path = '/ext-authz//a') {
  const identity = own === undefined ? {} : { cert: own.cert, key: own.key }
  const [host, port] = http.address.split(':')
  const tlsOptions = { ca: serving.roots, servername: 'localhost', agent: false as const, ...identity }
  const request = https.request({ host, port, path, method: 'MKCOL', headers, ...tlsOptions })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return { status: response.statusCode, headers: response.headers }
}

describe('/ext-authz over HTTPS', () => {
  test('is taken before the router, with any method and the raw target', async () => {
    assert.equal((await ask(proxy)).status, 200)
    assert.deepEqual(fake.asked[0]?.workload, { by: 'identity', identity: WEB, address: null })
    const asked = fake.asked[0]?.question.http
    assert.deepEqual([asked?.method, asked?.target], ['MKCOL', '//a'])
  })

  test('hostile 74: without the certificate of a proxy nothing it tells is believed', async () => {
    const forged = { 'x-forwarded-client-cert': `URI=${WEB}`, 'x-alcazar-workload': 'default/web' }
    for (const own of [undefined, stranger]) assert.equal((await ask(own, forged)).status, 403)
    assert.deepEqual(fake.asked, [])
  })

  test('a proxy asks about its own workload only', async () => {
    assert.equal((await ask(proxy, { 'x-alcazar-workload': 'default/web' })).status, 200)
    assert.equal((await ask(proxy, { 'x-alcazar-workload': 'default/other' })).status, 403)
    const forwarded = { 'x-original-uri': '/', 'x-original-method': 'GET', 'x-alcazar-workload': 'default/other' }
    assert.equal((await ask(proxy, forwarded, '/ext-authz')).status, 403)
  })

  test('what is no such path is the router’s', async () => {
    const { status, headers } = await ask(proxy, {}, '/ext-authzz')
    assert.deepEqual([status, headers['content-type']], [404, 'application/problem+json; charset=utf-8'])
  })
})
