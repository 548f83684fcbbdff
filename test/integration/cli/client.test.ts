import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { openClient } from '../../../src/cli/client.ts'
import { runCommandLine } from '../../../src/cli/run.ts'
import { testAuthorities } from '../../support/authority.ts'
import { openFakeApi } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'
import { testCredentials } from '../../support/serving.ts'

const authorities = await testAuthorities('ec-p256', Date.now())
const serving = await testCredentials(authorities, { dns: ['istiod'], ips: ['127.0.0.1'] })
const client = await testCredentials(authorities, { uri: 'spiffe://cluster.local/ns/default/sa/web' })

const directory = await mkdtemp(join(tmpdir(), 'alcazar-client-'))
const file = async (name: string, text: string) => {
  await writeFile(join(directory, name), text)
  return join(directory, name)
}
const cacert = await file('bundle.pem', serving.roots)
const cert = await file('cert.pem', client.cert)
const key = await file('key.pem', client.key)
const token = await file('token', 'alcz_secret\n')
const badToken = await file('bad-token', 'one\r\nx-forged: two')

const seen: { authorization: string | undefined; subject: boolean }[] = []
const server = createServer({
  cert: serving.cert,
  key: serving.key,
  ca: serving.roots,
  requestCert: true,
  rejectUnauthorized: false,
})
server.on('request', (request, response) => {
  const { authorized } = request.socket as TLSSocket
  seen.push({ authorization: request.headers.authorization, subject: authorized })
  response.end('{"items":[],"next":null}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

after(async () => {
  server.close()
  await rm(directory, { recursive: true, force: true })
})

async function run(...words: readonly string[]) {
  const io = fakeIo()
  const exit = await runCommandLine(['token', 'list', '--output', 'json', ...words], io)
  return { exit, code: exit === 0 ? null : JSON.parse(io.err()).error.code, err: io.err() }
}

test('https: the trust bundle, a client certificate and a bearer token are used', async () => {
  assert.equal((await run('--server', url, '--cacert', cacert)).exit, 0)
  assert.deepEqual(seen.at(-1), { authorization: undefined, subject: false })
  assert.equal((await run('--server', url, '--cacert', cacert, '--cert', cert, '--key', key)).exit, 0)
  assert.deepEqual(seen.at(-1), { authorization: undefined, subject: true })
  assert.equal((await run('--server', url, '--cacert', cacert, '--token', token)).exit, 0)
  assert.deepEqual(seen.at(-1), { authorization: 'Bearer alcz_secret', subject: false })
})

test('https: the same from the environment', async () => {
  const io = fakeIo({ env: { ALCAZAR_SERVER: url, ALCAZAR_CACERT: cacert, ALCAZAR_TOKEN: token } })
  assert.equal(await runCommandLine(['token', 'list'], io), 0)
  assert.equal(seen.at(-1)?.authorization, 'Bearer alcz_secret')
})

test('https: an untrusted server gets no request, and the message says which file helps', async () => {
  const before = seen.length
  const { exit, code, err } = await run('--server', url, '--token', token)
  assert.deepEqual([exit, code], [69, 'server.untrusted'])
  assert.match(err, /--cacert.*bundle\.pem/)
  assert.equal(seen.length, before)
})

test('https: a name that the certificate does not have is not trusted', async () => {
  const { port } = server.address() as AddressInfo
  const { exit, code } = await run('--server', `https://localhost:${port}`, '--cacert', cacert)
  assert.deepEqual([exit, code], [69, 'server.untrusted'])
})

test('files that are not what the options say are usage errors', async () => {
  const swapped = await run('--server', url, '--cacert', cacert, '--cert', key, '--key', cert)
  assert.deepEqual([swapped.exit, swapped.code], [2, 'usage'])
  const forged = await run('--server', url, '--cacert', cacert, '--token', badToken)
  assert.deepEqual([forged.exit, forged.code], [2, 'usage'])
})

test('nobody listening on https: 69', async () => {
  const { exit, code } = await run('--server', 'https://127.0.0.1:1')
  assert.deepEqual([exit, code], [69, 'server.unreachable'])
})

test('a server that never answers: server.timeout', async () => {
  await using api = await openFakeApi(() => null)
  const call = openClient({ kind: 'socket', path: api.socket }, 50).json({ method: 'GET', path: '/v1/status' })
  await assert.rejects(call, { code: 'server.timeout', exit: 69 })
})
