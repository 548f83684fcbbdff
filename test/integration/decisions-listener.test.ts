import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import type { DecisionPorts } from '../../src/api/decision-ports.ts'
import { openDecisionsListener } from '../../src/api/decisions-listener.ts'
import { AuthorizationService } from '../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import { HealthService } from '../../src/api/grpc/generated/grpc/health/v1/health.ts'
import type { HttpListener } from '../../src/api/http/listen.ts'
import type { Decided } from '../../src/decide/decide.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { checkHttp, checkRequest, headerMap, readCheckResponse, WEB } from '../support/check.ts'
import { ALLOWED } from '../support/decisions.ts'
import { DENIED, decided, FakeDecide, fakeDecisions } from '../support/fake-decisions.ts'
import { FakeObserver, fakeDeps, LIMITS } from '../support/http.ts'
import { eventually } from '../support/service-api.ts'

const fake = new FakeDecide()
const undecided: unknown[] = []
const observer = new FakeObserver()
let ready = true
let reasonHeader = false
let limits = { ...LIMITS, checkMessage: 1_048_576, concurrentStreams: 256 }
let listener: HttpListener
let client: Client

const decisions: DecisionPorts = fakeDecisions({
  decide: fake.decide,
  ready: () => ready,
  reasonHeader: () => reasonHeader,
  onUndecided: (thrown) => undecided.push(thrown),
})

before(async () => {
  const { log, clock, nextRequestId } = fakeDeps()
  const deps = { log, clock, nextRequestId, observer, decisions, limits: () => limits }
  listener = await openDecisionsListener({ host: '127.0.0.1', port: 0 }, deps)
  client = new Client(listener.address, credentials.createInsecure())
})

beforeEach(() => {
  fake.asked.length = 0
  fake.answer = () => decided()
  undecided.length = 0
  observer.requests.length = 0
  ready = true
  reasonHeader = false
})

afterEach(() => {
  limits = { ...LIMITS, checkMessage: 1_048_576, concurrentStreams: 256 }
})

after(async () => {
  client.close()
  await listener.close(1)
})

function check(bytes: Buffer): Promise<ReturnType<typeof readCheckResponse>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof readCheckResponse>>()
  client.makeUnaryRequest(
    AuthorizationService.check.path,
    (request: Buffer) => request,
    readCheckResponse,
    bytes,
    (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
  )
  return promise
}

function healthOf(service: string): Promise<number> {
  const { requestSerialize, responseDeserialize, path } = HealthService.check
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) =>
    answer === undefined ? reject(error) : resolve(answer.status),
  )
  return promise
}

const LOOPBACK_WORKLOAD = { by: 'identity', identity: WEB, address: '10.0.0.1' }
const named = (workload: string) => checkRequest({ contextExtensions: { workload } })

describe('Check', () => {
  test('asks about the named workload and tells the answer', async () => {
    const { code, metadata } = await check(named('default/web'))
    assert.deepEqual([code, metadata?.version], [0, 17])
    assert.deepEqual(fake.asked[0]?.workload, { by: 'name', namespace: 'default', name: 'web' })
    assert.equal(fake.asked[0]?.question.http?.target, '/a?b=c')
  })

  test('goes by the principal of the destination, then by its address', async () => {
    const destination = { address: undefined, service: '', certificate: '' }
    await check(checkRequest({ destination: { ...destination, principal: WEB } }))
    assert.deepEqual(fake.asked[0]?.workload, { ...LOOPBACK_WORKLOAD, address: null })
    await check(checkRequest())
    assert.deepEqual(fake.asked[1]?.workload, { by: 'address', address: '10.0.0.1' })
  })

  test('a refusal is a call that succeeds', async () => {
    fake.answer = () => decided(DENIED)
    reasonHeader = true
    const { code, http, headers, body } = await check(named('a/b'))
    assert.deepEqual([code, http, body], [7, 403, 'RBAC: access denied'])
    assert.deepEqual(headers, [['x-alcazar-reason', DENIED.reason, 2]])
  })

  test('hostile 100: what cannot be read is refused, and the call succeeds', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff]), checkRequest().subarray(0, 40)]) {
      const { code, http } = await check(bytes)
      assert.deepEqual([code, http], [3, 400])
    }
    assert.equal(undecided.length, 3)
    assert.deepEqual(fake.asked, [])
  })

  test('hostile 100: 10,000 headers and a message over the limit are refused', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, 'v'] as const)
    const headers = await check(checkRequest({ request: { http: checkHttp({ headerMap: headerMap(many) }) } }))
    assert.deepEqual([headers.code, headers.http], [3, 400])
    const path = `/${'a'.repeat(1_048_576)}`
    const long = await check(checkRequest({ request: { http: checkHttp({ path }) } }))
    assert.deepEqual([long.code, long.http], [8, 413])
  })

  test('hostile 101: what is thrown or rejected is refused, and the call succeeds', async () => {
    fake.answer = () => {
      throw new AppError('decision.not_ready', 'not yet')
    }
    const { code, http } = await check(named('a/b'))
    assert.deepEqual([code, http], [14, 503])
    fake.answer = () => Promise.reject(new TypeError('secret'))
    assert.deepEqual((await check(named('a/b'))).code, 13)
  })

  test('hostile 101: health is NOT_SERVING until the store is loaded', async () => {
    const name = 'envoy.service.auth.v3.Authorization'
    assert.equal(await healthOf(name), 1)
    ready = false
    assert.deepEqual([await healthOf(name), await healthOf('')], [2, 2])
    await assert.rejects(healthOf('istio.v1.auth.IstioCertificateService'), (error: ServiceError) => error.code === 5)
  })
})

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: Buffer
}

async function ask({ method = 'GET', path = '/ext-authz/a?b=c', headers = {}, body }: Ask) {
  const [host, port] = listener.address.split(':')
  const request = http.request({ host, port, method, path, agent: false, headers })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, headers: response.headers, body: text }
}

const WORKLOAD = { 'x-alcazar-workload': 'default/web' }

describe('/ext-authz/…', () => {
  test('asks with the method, the raw target and the headers of the client', async () => {
    const headers = { ...WORKLOAD, host: 'web', 'x-alcazar-port': '8080', 'x-a': ['1', '2'] }
    const told = { 'x-alcazar-source-ip': '10.0.0.9', 'x-alcazar-destination-ip': '10.0.0.1' }
    const { status } = await ask({
      method: 'PURGE',
      path: '/ext-authz//x/%2e%2E/%zz;a?q=%20',
      headers: { ...headers, ...told },
    })
    assert.equal(status, 200)
    const [{ workload, question } = assert.fail()] = fake.asked
    assert.deepEqual(workload, { by: 'name', namespace: 'default', name: 'web' })
    const { port, sourceIp, destinationIp, peer, http: asked } = question
    assert.deepEqual([port, sourceIp, destinationIp, peer], [8080, '10.0.0.9', '10.0.0.1', null])
    assert.deepEqual([asked?.method, asked?.target, asked?.host], ['PURGE', '//x/%2e%2E/%zz;a?q=%20', 'web'])
    assert.deepEqual(asked?.headers.values('x-a'), ['1', '2'])
    assert.deepEqual(
      [...(asked?.headers.entries() ?? [])].filter(([name]) => /alcazar|host/i.test(name)),
      [],
    )
  })

  test('the newest element of x-forwarded-client-cert is the peer', async () => {
    const xfcc = `Hash=1;URI=spiffe://cluster.local/old,By=${WEB};Hash=2;URI=spiffe://cluster.local/ns/a/sa/a;URI=spiffe://b/c`
    await ask({ headers: { ...WORKLOAD, 'x-forwarded-client-cert': xfcc, 'x-alcazar-sni': 'web.example' } })
    assert.deepEqual(fake.asked[0]?.question.peer, {
      uriSans: ['spiffe://cluster.local/ns/a/sa/a', 'spiffe://b/c'],
      sni: 'web.example',
      certificate: true,
      alpn: 'terminated',
    })
  })

  test('an allow carries fields to set and names to remove', async () => {
    const set = [['x-claim', 'räw']] as const
    fake.answer = () =>
      decided(ALLOWED, { mutations: { remove: ['authorization', 'x-claim'], set, removeParams: [], path: null } })
    const { status, headers, body } = await ask({ headers: WORKLOAD })
    assert.deepEqual([status, body], [200, ''])
    assert.equal(Buffer.from(String(headers['x-claim']), 'latin1').toString('utf8'), 'räw')
    assert.equal(headers['x-envoy-auth-headers-to-remove'], 'authorization')
  })

  test('a refusal carries status, challenge and body', async () => {
    const response = { headers: [['www-authenticate', 'Bearer realm="x"']], body: 'Jwt is expired' } as const
    fake.answer = () => decided({ ...DENIED, status: 401 }, { response })
    const { status, headers, body } = await ask({ headers: WORKLOAD })
    assert.deepEqual([status, headers['www-authenticate'], body], [401, 'Bearer realm="x"', 'Jwt is expired'])
  })

  const refused: readonly (readonly [string, Ask, number])[] = [
    ['no workload', {}, 403],
    ['a workload of a wrong form', { headers: { 'x-alcazar-workload': 'web' } }, 400],
    ['a workload twice', { headers: { 'x-alcazar-workload': ['a/b', 'c/d'] } }, 400],
    [
      'hostile 74: a malformed x-forwarded-client-cert',
      { headers: { ...WORKLOAD, 'x-forwarded-client-cert': 'URI="a' } },
      400,
    ],
    ['a port that is none', { headers: { ...WORKLOAD, 'x-alcazar-port': '080' } }, 400],
    ['hostile 96: an address that is none', { headers: { ...WORKLOAD, 'x-alcazar-source-ip': '010.1.1.1' } }, 400],
    ['hostile 85: a header that is not UTF-8', { headers: { ...WORKLOAD, 'x-a': '\xe9' } }, 400],
  ]
  for (const [title, request, status] of refused) {
    test(`${title} is ${status}`, async () => {
      assert.equal((await ask(request)).status, status)
      assert.deepEqual(fake.asked, [])
      assert.equal(undecided.length, 1)
    })
  }

  test('hostile 90: x-envoy-original-path and x-original-uri are headers like any other', async () => {
    await ask({ headers: { ...WORKLOAD, 'x-envoy-original-path': '/open', 'x-original-uri': '/open' } })
    assert.equal(fake.asked[0]?.question.http?.target, '/a?b=c')
    assert.deepEqual(fake.asked[0]?.question.http?.headers.values('x-original-uri'), ['/open'])
  })

  test('hostile 100: a body of a megabyte is not looked at', async () => {
    const { status } = await ask({ method: 'POST', headers: WORKLOAD, body: Buffer.alloc(1_000_000) })
    assert.equal(status, 200)
  })

  test('hostile 87: CONNECT is asked like any method', async () => {
    const text = await raw('CONNECT /ext-authz/x HTTP/1.1\r\nhost: a\r\nx-alcazar-workload: a/b\r\n\r\n')
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.deepEqual([fake.asked[0]?.question.http?.method, fake.asked[0]?.question.http?.target], ['CONNECT', '/x'])
    assert.match(await raw('CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n'), /^HTTP\/1\.1 404 /)
  })

  test('hostile 87: a CONNECT whose client goes away before the answer harms nobody', async () => {
    const { promise, resolve } = Promise.withResolvers<Decided>()
    fake.answer = () => promise
    const others = listener.connections()
    const socket = await dial()
    socket.write('CONNECT /ext-authz/x HTTP/1.1\r\nhost: a\r\nx-alcazar-workload: a/b\r\n\r\n')
    await eventually('it is asked', () => fake.asked.length === 1)
    socket.resetAndDestroy()
    await eventually('it is forgotten', () => listener.connections() <= others)
    resolve(decided())
    assert.equal((await ask({ headers: WORKLOAD })).status, 200)
  })

  test('hostile 87: a CONNECT leaves no connection behind, whatever the client sends after it', async () => {
    const others = listener.connections()
    const socket = await dial()
    socket.write(`CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n${'x'.repeat(100_000)}`)
    await eventually('it is closed', () => listener.connections() <= others)
    socket.destroy()
  })

  test('hostile 87: what Node cannot parse is 400', async () => {
    for (const line of ['FOO /ext-authz/ HTTP/1.1', 'GET /ext-authz/é HTTP/1.1', 'GET /ext-authz/a b HTTP/1.1']) {
      assert.match(await raw(`${line}\r\nhost: a\r\n\r\n`), /^HTTP\/1\.1 400 /)
    }
  })
})

describe('/ext-authz: forward-auth', () => {
  const nginx = { ...WORKLOAD, 'x-original-uri': '/a%2fb?c', 'x-original-method': 'DELETE', 'x-forwarded-host': 'shop' }
  const forward = (headers: http.OutgoingHttpHeaders) => ask({ path: '/ext-authz', headers })

  test('takes method, target and host from headers, which the client’s request does not have', async () => {
    assert.equal((await forward({ ...nginx, 'x-a': 'b' })).status, 200)
    const asked = fake.asked[0]?.question.http
    assert.deepEqual([asked?.method, asked?.target, asked?.host], ['DELETE', '/a%2fb?c', 'shop'])
    assert.deepEqual([asked?.headers.values('x-original-uri'), asked?.headers.values('x-a')], [[], ['b']])
  })

  test('understands Traefik’s names', async () => {
    const { 'x-original-uri': uri, 'x-original-method': method, ...rest } = nginx
    await forward({ ...rest, 'x-forwarded-uri': uri, 'x-forwarded-method': method })
    assert.deepEqual(fake.asked[0]?.question.http?.target, '/a%2fb?c')
  })

  const refused: readonly (readonly [string, http.OutgoingHttpHeaders])[] = [
    ['no method', { ...nginx, 'x-original-method': undefined }],
    ['no target', { ...nginx, 'x-original-uri': undefined }],
    ['names that disagree', { ...nginx, 'x-forwarded-uri': '/open' }],
  ]
  for (const [title, headers] of refused) {
    test(`${title} is 403, for nginx has no words for 400`, async () => {
      const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
      assert.equal((await forward(given)).status, 403)
      assert.deepEqual(fake.asked, [])
    })
  }

  test('400 becomes 403', async () => {
    fake.answer = () => decided({ ...DENIED, decision: 'reject', cause: 'protocol', status: 400 })
    assert.equal((await forward(nginx)).status, 403)
  })
})

describe('the listener', () => {
  test('serves nothing else', async () => {
    for (const path of ['/', '/ext-authzx', '/ext-authz?x', '/v1/status', '/metrics', '//ext-authz/a']) {
      assert.equal((await ask({ path, headers: WORKLOAD })).status, 404)
    }
    const { path } = HealthService.check
    assert.equal((await ask({ path })).status, 404)
  })

  test('tells protocols apart though their bytes come one by one', async () => {
    const socket = await dial()
    for (const byte of 'GET /ext-authz/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n') socket.write(byte)
    assert.match(await toEnd(socket), /^HTTP\/1\.1 403 /)
    const other = await dial()
    other.write('PR')
    other.write('OPFIND /ext-authz/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    assert.match(await toEnd(other), /^HTTP\/1\.1 403 /)
  })

  test('closes a connection that says nothing, or not enough', { timeout: 10_000 }, async () => {
    limits = { ...limits, headerTimeout: 0.2 }
    const [silent, halfway] = await Promise.all([dial(), dial()])
    halfway.write('PRI * HT')
    assert.deepEqual(await Promise.all([toEnd(silent), toEnd(halfway)]), ['', ''])
  })

  test('counts what it answers', async () => {
    await ask({ headers: WORKLOAD })
    await ask({ path: '/' })
    assert.deepEqual(observer.requests, [
      ['/ext-authz/*', 200],
      ['none', 404],
    ])
  })
})

async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(listener.address.split(':')[1]) })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function toEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

async function raw(text: string): Promise<string> {
  const socket = await dial()
  socket.write(text)
  return toEnd(socket)
}
