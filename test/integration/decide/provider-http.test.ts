import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { openProviders, type Providers } from '../../../src/decide/open-providers.ts'
import type { HttpProviderOptions } from '../../../src/decide/provider-options.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { type KeysServer, openKeysServer } from '../../support/keys-server.ts'
import { askedHttp, askedTcp } from '../../support/questions.ts'

const seen: IncomingMessage[] = []
let answer: RequestListener = (_request, response) => response.end()
const server = createServer((request, response) => {
  seen.push(request)
  answer(request, response)
})
let url = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

function open(http: Partial<HttpProviderOptions['http']> = {}, common: Partial<HttpProviderOptions> = {}): Providers {
  const options: HttpProviderOptions = {
    name: 'ext',
    timeout: 2,
    statusOnError: 403,
    ...common,
    http: {
      url,
      headersToUpstream: [],
      headersToDownstreamOnDeny: [],
      includeRequestHeadersInCheck: [],
      includeAdditionalHeadersInCheck: {},
      ...http,
    },
  }
  const openGrpc = () => assert.fail('no gRPC here')
  return openProviders([options], { openGrpc, clock: systemClock, log: silentLog, asked: () => {} })
}

async function askOnce(providers: Providers, question = askedHttp()) {
  try {
    return await providers.ask('ext', question)
  } finally {
    providers.close()
  }
}

test('200 grants, with the headers that are configured and the removals it names', async () => {
  answer = (_request, response) =>
    response
      .writeHead(
        200,
        [
          ['x-user', 'a'],
          ['X-User', 'b'],
          ['x-other', 'c'],
          ['x-envoy-auth-headers-to-remove', 'Authorization, x-secret'],
        ].flat(),
      )
      .end('ignored')
  const got = await askOnce(open({ url: `${url}/check`, headersToUpstream: ['x-user'] }), askedHttp({ method: 'PUT' }))
  assert.deepEqual(got, { granted: true, headers: [['x-user', 'b']], remove: ['authorization', 'x-secret'] })
  const request = seen.at(-1)
  assert.deepEqual([request?.method, request?.url, request?.headers.host], ['PUT', '/check/a?b=c', 'web:8080'])
})

test('another status refuses with its headers and the beginning of its body', async () => {
  answer = (_request, response) =>
    response.writeHead(302, { location: 'https://login/', 'set-cookie': ['a=1', 'b=2'] }).end('é'.repeat(6_000))
  const got = await askOnce(open())
  assert.ok(!got.granted)
  assert.equal(got.status, 302)
  assert.equal(got.body, 'é'.repeat(4_096))
  const names = got.headers.map(([name]) => name)
  assert.deepEqual(
    names.filter((name) => name !== 'date'),
    ['location', 'set-cookie', 'set-cookie'],
  )
})

test('a list of headers for the client holds back the others', async () => {
  answer = (_request, response) => response.writeHead(401, { 'www-authenticate': 'X', 'x-a': '1', 'x-b': '2' }).end()
  const got = await askOnce(open({ headersToDownstreamOnDeny: ['x-a'] }))
  assert.ok(!got.granted)
  assert.deepEqual(got.headers, [
    ['www-authenticate', 'X'],
    ['x-a', '1'],
  ])
})

const failures: readonly (readonly [string, RequestListener])[] = [
  ['5xx', (_request, response) => response.writeHead(503).end()],
  ['a closed connection', (request) => request.socket.destroy()],
  ['no answer in time', () => {}],
  ['a body that does not end in time', (_request, response) => response.writeHead(200).write('x')],
  [
    'a body that breaks off',
    (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('x')
      setImmediate(() => request.socket.destroy())
    },
  ],
  ['headers beyond all bounds', (_request, response) => response.writeHead(200, { 'x-a': 'a'.repeat(70_000) }).end()],
  [
    'a switch of protocols',
    (request) => request.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  ],
]
for (const [what, listener] of failures)
  test(`${what} refuses`, async () => {
    answer = listener
    const got = await askOnce(open({}, { timeout: 0.1, statusOnError: 503 }))
    assert.ok(!got.granted)
    assert.equal(got.status, 503)
  })

test('a refused connection refuses', async () => {
  const got = await askOnce(open({ url: 'http://127.0.0.1:1' }))
  assert.ok(!got.granted)
  assert.equal(got.status, 403)
})

test('a header value that cannot be sent refuses', async () => {
  const got = await askOnce(open({ includeRequestHeadersInCheck: ['x-a'] }), askedHttp({}, [['x-a', 'a\r\nx-b: c']]))
  assert.equal(got.granted, false)
})

test('a connection that the server closed meanwhile is no failure', async () => {
  answer = (_request, response) => response.end()
  const providers = open()
  assert.equal((await providers.ask('ext', askedHttp())).granted, true)
  server.closeAllConnections()
  assert.equal((await askOnce(providers)).granted, true)
})

test('nothing happens on TCP', async () => {
  const before = seen.length
  assert.equal((await askOnce(open(), askedTcp())).granted, true)
  assert.equal(seen.length, before)
})

test('over TLS the server is verified by the configured authority, whatever the Host of the request', async () => {
  const keys: KeysServer = await openKeysServer()
  keys.answer = (_request, response) => response.end()
  try {
    const port = new URL(keys.url).port
    const common = { tls: { caFile: keys.caFile } }
    for (const host of ['127.0.0.1', 'localhost'])
      assert.equal((await askOnce(open({ url: `https://${host}:${port}` }, common))).granted, true)
    assert.equal((await askOnce(open({ url: keys.url }))).granted, false)
    const other = { tls: { caFile: keys.caFile, serverName: 'other.example' } }
    assert.equal((await askOnce(open({ url: keys.url }, other))).granted, false)
  } finally {
    await keys.close()
  }
})
