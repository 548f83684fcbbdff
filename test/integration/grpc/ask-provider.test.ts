import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { openGrpcProvider } from '../../../src/api/grpc/ask-provider.ts'
import {
  AuthorizationService,
  type CheckRequest,
  type CheckResponse,
} from '../../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import { ProviderError } from '../../../src/decide/provider-answer.ts'
import type { ProviderTls } from '../../../src/decide/provider-tls.ts'
import { testAuthorities } from '../../support/authority.ts'
import { askedHttp, askedTcp } from '../../support/questions.ts'
import { testCredentials } from '../../support/serving.ts'

type Call = ServerUnaryCall<CheckRequest, CheckResponse>
let check: (call: Call, callback: sendUnaryData<CheckResponse>) => void
const servers: Server[] = []

async function listen(credentials: ServerCredentials): Promise<number> {
  const server = new Server()
  server.addService(AuthorizationService, {
    check: (call: Call, callback: sendUnaryData<CheckResponse>) => check(call, callback),
  })
  servers.push(server)
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error))),
  )
}

let plaintext = 0
before(async () => {
  plaintext = await listen(ServerCredentials.createInsecure())
})
after(() => {
  for (const server of servers) server.forceShutdown()
})

const answerWith = (code: number): CheckResponse => ({
  status: { code, message: '', details: [] },
  httpResponse: undefined,
  dynamicMetadata: undefined,
})

interface To {
  readonly port: number
  readonly tls?: ProviderTls
  readonly host?: string
}

async function ask({ port, tls, host = '127.0.0.1' }: To, question = askedHttp()) {
  const provider = openGrpcProvider(
    { name: 'ext', grpc: { host, port }, timeout: 0.5, statusOnError: 403 },
    tls ?? null,
  )
  try {
    return await provider.ask(question)
  } finally {
    provider.close()
  }
}

test('a provider is asked about requests and connections by Check', async () => {
  const paths: (string | undefined)[] = []
  check = ({ request }, callback) => {
    paths.push(request.attributes?.request?.http?.path)
    callback(null, answerWith(paths.length === 1 ? 0 : 7))
  }
  assert.equal((await ask({ port: plaintext })).granted, true)
  assert.equal((await ask({ port: plaintext, host: 'localhost' }, askedTcp())).granted, false)
  assert.deepEqual(paths, ['/a?b=c', undefined])
})

const failures: readonly (readonly [string, typeof check])[] = [
  ['an error status', (_call, callback) => callback({ code: status.INTERNAL, details: 'broken' })],
  ['no answer in time', () => {}],
]
for (const [what, answer] of failures)
  test(`${what} is no answer`, async () => {
    check = answer
    await assert.rejects(ask({ port: plaintext }), ProviderError)
  })

test('nobody there is no answer', async () => {
  await assert.rejects(ask({ port: 1 }), ProviderError)
})

test('over TLS the server is verified, and the client shows its certificate', async () => {
  const authorities = await testAuthorities('ec-p256', Date.now())
  const { cert, key, roots } = await testCredentials(authorities, { dns: ['authz.example'], ips: [] })
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
  const port = await listen(ServerCredentials.createSsl(Buffer.from(roots), [pair], true))
  check = (_call, callback) => callback(null, answerWith(0))
  const tls: ProviderTls = { ca: String(roots), cert: String(cert), key: String(key), serverName: 'authz.example' }
  assert.equal((await ask({ port, tls })).granted, true)
  const { cert: _cert, key: _key, ...anonymous } = tls
  for (const wrong of [anonymous, { ...tls, serverName: 'other.example' }])
    await assert.rejects(ask({ port, tls: wrong }), ProviderError)
  await assert.rejects(ask({ port }), ProviderError)
})
