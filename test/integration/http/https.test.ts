import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { connect as tcpConnect } from 'node:net'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import type { HttpLimits } from '../../../src/api/http/deps.ts'
import { type HttpListener, openHttps } from '../../../src/api/http/listen.ts'
import type { Issued, IssueRequest } from '../../../src/ca/issue/issuance.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { testAuthorities } from '../../support/authority.ts'
import { FakeObserver, fakeDeps, ISSUED, LIMITS } from '../../support/http.ts'
import { type Credentials, testCredentials } from '../../support/serving.ts'

const authorities = await testAuthorities('ec-p256', Date.now())
const localhost = { dns: ['localhost'], ips: ['127.0.0.1'] }
const first = await testCredentials(authorities, localhost)
const second = await testCredentials(authorities, localhost)
const client = await testCredentials(authorities, { uri: 'spiffe://cluster.local/ns/default/sa/web' })

let listener: HttpListener
let port: number
let serving: Credentials
let limits: HttpLimits
let answer: (request: IssueRequest) => Promise<Issued>
const observer = new FakeObserver()
const renewals = new Set<() => void>()
const tls = {
  current: () => serving,
  onChange: (renewed: () => void) => {
    renewals.add(renewed)
    return () => renewals.delete(renewed)
  },
}

beforeEach(async () => {
  serving = first
  limits = LIMITS
  answer = async () => ISSUED
  observer.limits.length = 0
  observer.requests.length = 0
  const deps = fakeDeps({ observer, limits: () => limits, issue: (request) => answer(request) })
  listener = await openHttps({ host: '127.0.0.1', port: 0 }, tls, deps)
  port = Number(listener.address.split(':')[1])
})

afterEach(() => listener.close(0))

async function dial(own: Partial<Credentials> = {}): Promise<TLSSocket> {
  const { cert, key } = own
  const identity = cert === undefined || key === undefined ? {} : { cert, key }
  const socket = connect({ host: '127.0.0.1', port, ca: first.roots, servername: 'localhost', ...identity })
  socket.on('error', () => {}) // resets are what some of these tests provoke
  await once(socket, 'secureConnect')
  return socket
}

/** Everything the server says until it closes. */
async function toEnd(socket: TLSSocket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

/** The status and the code of an HTTP answer in text. */
function outcome(text: string): readonly [number, string | undefined] {
  return [Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), /"code":"([^"]+)"/.exec(text)?.[1]]
}

/** One answer of a connection that stays open. */
async function nextAnswer(socket: TLSSocket): Promise<string> {
  let text = ''
  while (true) {
    const [chunk] = await once(socket, 'data')
    text += chunk
    const length = /content-length: (\d+)/i.exec(text)?.[1]
    const head = text.indexOf('\r\n\r\n')
    if (length !== undefined && head !== -1 && text.length >= head + 4 + Number(length)) return text
  }
}

function request(body: string, headers: readonly string[] = []): string {
  const lines = ['host: localhost', 'content-type: application/json', `content-length: ${body.length}`, ...headers]
  return `POST /v1/certificates HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

describe('HTTPS', () => {
  test('speaks TLS 1.2 and 1.3 with ALPN http/1.1, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = connect({
        ...{ host: '127.0.0.1', port, ca: first.roots, servername: 'localhost' },
        ...{ minVersion: version, maxVersion: version, ALPNProtocols: ['http/1.1'] },
      })
      await once(socket, 'secureConnect')
      assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, 'http/1.1'])
      socket.destroy()
    }
    const old = connect({
      ...{ host: '127.0.0.1', port, ca: first.roots, ciphers: 'DEFAULT@SECLEVEL=0' },
      ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
    })
    await assert.rejects(once(old, 'secureConnect'))
  })

  test('hands on the client certificate, as the same Buffer for the life of the connection', async () => {
    const seen: (Buffer | undefined)[] = []
    answer = async ({ evidence }) => {
      seen.push(evidence.clientCertificate)
      return ISSUED
    }
    const socket = await dial(client)
    for (let i = 0; i < 2; i++) {
      socket.write(request('{"csr":"CSR"}'))
      await nextAnswer(socket)
    }
    socket.destroy()
    assert.deepEqual(seen[0], client.der)
    assert.equal(seen[0], seen[1])
  })

  test('takes callers without a certificate, and with one of a stranger', async () => {
    const stranger = await testCredentials(await testAuthorities('ec-p256', Date.now()))
    const seen: (Buffer | undefined)[] = []
    answer = async ({ evidence }) => {
      seen.push(evidence.clientCertificate)
      throw new AppError('auth.missing', 'no proof')
    }
    for (const own of [{}, stranger]) {
      const socket = await dial(own)
      socket.write(request('{"csr":"CSR"}', ['connection: close']))
      assert.deepEqual(outcome(await toEnd(socket)), [401, 'auth.missing'])
    }
    assert.deepEqual(seen, [undefined, stranger.der])
  })

  test('serves a renewed certificate to new connections while open ones live on', async () => {
    const open = await dial()
    serving = second
    for (const renewed of renewals) renewed()
    const next = await dial()
    assert.deepEqual(open.getPeerX509Certificate()?.raw, first.der)
    assert.deepEqual(next.getPeerX509Certificate()?.raw, second.der)
    open.write(request('{"csr":"CSR"}'))
    assert.equal(outcome(await nextAnswer(open))[0], 201)
    open.destroy()
    next.destroy()
  })

  test('hostile 47: the use case sees that the client went away', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<unknown>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    answer = async ({ signal }) => {
      const before = signal?.aborted
      ask()
      await sleep(100)
      resolve([before, signal?.aborted])
      return ISSUED
    }
    const socket = await dial()
    socket.write(request('{"csr":"CSR"}'))
    await asked
    socket.destroy()
    assert.deepEqual(await gone, [false, true])
  })
})

describe('hostile 42: bodies beyond the limit', () => {
  const sizes = [65_537, 16 * 1024 * 1024]
  for (const size of sizes) {
    test(`${size} bytes announced are 413 before they are read`, async () => {
      const socket = await dial()
      socket.write(request('', []).replace('content-length: 0', `content-length: ${size}`))
      assert.deepEqual(outcome(await toEnd(socket)), [413, 'limit.size'])
      assert.deepEqual(observer.limits, ['body'])
    })

    test(`${size} bytes sent by a client that reads its answer are 413`, async () => {
      const status = await new Promise((resolve, reject) => {
        const outgoing = https.request({
          ...{ host: '127.0.0.1', port, ca: first.roots, servername: 'localhost', agent: false as const },
          ...{ method: 'POST', path: '/v1/certificates', headers: { 'content-type': 'application/json' } },
        })
        outgoing.on('response', (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        outgoing.on('error', reject)
        outgoing.end(Buffer.alloc(size, 0x20))
      })
      assert.equal(status, 413)
    })
  }

  test('a chunked body is cut at the limit and one byte', async () => {
    const socket = await dial()
    socket.write(
      'POST /v1/certificates HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    socket.write(`10000\r\n${' '.repeat(65_536)}\r\n`)
    await sleep(50)
    assert.deepEqual(observer.limits, [])
    socket.write('1\r\n \r\n')
    assert.deepEqual(outcome(await toEnd(socket)), [413, 'limit.size'])
  })

  test('a reloaded limit counts for the next request', async () => {
    limits = { ...LIMITS, body: 10 }
    const socket = await dial()
    socket.write(request('{"csr":"CSR"}'))
    assert.deepEqual(outcome(await toEnd(socket)), [413, 'limit.size'])
  })
})

describe('hostile 50: framing and time', () => {
  const POST = 'POST /v1/certificates HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
  const cases: readonly (readonly [string, string, number, string])[] = [
    [
      'Content-Length with Transfer-Encoding',
      `${POST}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    ['two Content-Lengths', `${POST}content-length: 4\r\ncontent-length: 5\r\n\r\n{}`, 400, 'request.malformed'],
    ['a bad chunk', `${POST}transfer-encoding: chunked\r\n\r\nxyz\r\n`, 400, 'request.malformed'],
    ['a bare line feed', 'GET /v1/bundle HTTP/1.1\nhost: a\n\n', 400, 'request.malformed'],
    ['a space before the colon', 'GET /v1/bundle HTTP/1.1\r\nhost : a\r\n\r\n', 400, 'request.malformed'],
    ['something else than HTTP', '\x00\x01\x02\x03\r\n\r\n', 400, 'request.malformed'],
    [
      'headers beyond the limit',
      `GET /v1/bundle HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(33_000)}\r\n\r\n`,
      431,
      'limit.size',
    ],
    ['a URL beyond the limit', `GET /${'a'.repeat(33_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431, 'limit.size'],
  ]
  for (const [title, bytes, status, code] of cases) {
    test(`${title} is ${status} ${code}, and the connection is closed`, async () => {
      const socket = await dial()
      socket.write(bytes)
      const text = await toEnd(socket)
      assert.deepEqual(outcome(text), [status, code])
      assert.match(text, /content-type: application\/problem\+json/i)
    })
  }

  test('headers just below the limit pass', async () => {
    const socket = await dial()
    socket.write(`GET /v1/bundle HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: ${'a'.repeat(32_000)}\r\n\r\n`)
    assert.equal(outcome(await toEnd(socket))[0], 200)
  })

  test('a reloaded header limit counts for the next connection', async () => {
    limits = { ...LIMITS, headers: 1000 }
    listener.refreshLimits()
    const socket = await dial()
    socket.write(`GET /v1/bundle HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(1000)}\r\n\r\n`)
    assert.deepEqual(outcome(await toEnd(socket)), [431, 'limit.size'])
  })

  test('what follows a running request on its connection does not answer it', async () => {
    const { promise, resolve } = Promise.withResolvers<Issued>()
    answer = () => promise
    const socket = await dial()
    socket.write(`${request('{"csr":"CSR"}')}nonsense\r\n\r\n`)
    assert.equal(await toEnd(socket), '')
    resolve(ISSUED)
  })

  const slow: readonly (readonly [string, string, string])[] = [
    ['headers', 'POST /v1/certificates HTTP/1.1\r\nhost:', 'headerTimeout'],
    ['a body', `${POST}content-length: 10\r\n\r\n{`, 'bodyTimeout'],
  ]
  for (const [what, bytes, limit] of slow) {
    test(`${what} that never end are 408 in time`, { timeout: 10_000 }, async () => {
      limits = { ...LIMITS, headerTimeout: 1, bodyTimeout: 1 }
      listener.refreshLimits()
      const socket = await dial()
      socket.write(bytes)
      assert.deepEqual(outcome(await toEnd(socket)), [408, 'request.malformed'])
      assert.deepEqual(observer.limits, [limit])
    })
  }

  test('a connection that says nothing is closed in time', { timeout: 10_000 }, async () => {
    limits = { ...LIMITS, headerTimeout: 1, bodyTimeout: 1 }
    listener.refreshLimits()
    const socket = await dial()
    await once(socket.resume(), 'close')
  })

  test('plain HTTP to the HTTPS port ends that connection alone', async () => {
    const plain = tcpConnect(port, '127.0.0.1')
    plain.on('error', () => {})
    plain.write('GET / HTTP/1.1\r\n\r\n')
    await once(plain.resume(), 'close')
    const socket = await dial()
    socket.write(request('{"csr":"CSR"}', ['connection: close']))
    assert.equal(outcome(await toEnd(socket))[0], 201)
  })
})

describe('drain', () => {
  test('finishes what runs and closes idle and unused connections at once', { timeout: 10_000 }, async () => {
    const { promise, resolve } = Promise.withResolvers<Issued>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const [unused, idle, busy] = await Promise.all([dial(), dial(), dial()])
    idle.write(request('{"csr":"CSR"}'))
    await nextAnswer(idle)
    answer = () => {
      ask()
      return promise
    }
    busy.write(request('{"csr":"CSR"}'))
    await asked
    const text = toEnd(busy)
    const closed = listener.close(10)
    await Promise.all([once(unused.resume(), 'close'), once(idle.resume(), 'close')])
    await assert.rejects(dial())
    resolve(ISSUED)
    assert.match(await text, /^HTTP\/1\.1 201 .*connection: close/is)
    await closed
  })

  test('cuts off what is not finished at the limit', { timeout: 10_000 }, async () => {
    answer = () => new Promise(() => {})
    const busy = await dial()
    busy.write(request('{"csr":"CSR"}'))
    await sleep(50)
    const end = toEnd(busy)
    await listener.close(0.2)
    assert.equal(await end, '')
  })
})

after(() => assert.equal(renewals.size, 0))
