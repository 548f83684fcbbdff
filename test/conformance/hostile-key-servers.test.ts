import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import type { RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { type FetchError, fetchDocument } from '../../src/identity/fetch-document.ts'
import { openKeySource } from '../../src/identity/jwks.ts'
import type { KeySource } from '../../src/identity/key-source.ts'
import type { JwtRule } from '../../src/identity/options.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { inlineRule } from '../support/attestation.ts'
import { FakeClock } from '../support/fakes.ts'
import { makeTokenKey } from '../support/jwt-maker.ts'
import { openKeysServer } from '../support/keys-server.ts'

const server = await openKeysServer()
const clock = new FakeClock(0)
const one = makeTokenKey('ES256', 'one')
const two = makeTokenKey('ES256', 'two')
const opened: KeySource[] = []

beforeEach(() => {
  server.requests.length = 0
})
after(async () => {
  for (const source of opened) source.close()
  await server.close()
})

const keysOf = (...keys: readonly { readonly jwk: unknown }[]) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })
const serve = (body: string): RequestListener => {
  return (_request, response) => void response.end(body)
}
const redirectTo = (location: string): RequestListener => {
  return (_request, response) => void response.writeHead(302, { location }).end()
}

function open(more: Partial<JwtRule> = {}): KeySource {
  const jwks = { uri: `${server.url}/keys`, caFile: server.caFile }
  const source = openKeySource(inlineRule([], { jwks, allowPrivateAddress: true, ...more }), { clock, log: silentLog })
  opened.push(source)
  return source
}

async function kidsFor(source: KeySource, kid: string): Promise<readonly (string | undefined)[]> {
  return (await source.candidates(kid, 'ES256')).map((key) => key.kid)
}

const unavailable = { code: 'auth.keys_unavailable', retryAfterSeconds: 10 }

test('hostile 76: keys are fetched with the own CA and the bearer token, read anew each time', async () => {
  const tokenFile = join(server.directory, 'token')
  await writeFile(tokenFile, 'first\n')
  server.answer = serve(keysOf(one))
  const source = open({ jwks: { uri: `${server.url}/keys`, caFile: server.caFile, tokenFile } })
  assert.deepEqual(await kidsFor(source, 'one'), ['one'])
  await writeFile(tokenFile, 'second\n')
  assert.deepEqual(await kidsFor(source, 'two'), [])
  const seen = server.requests.map((request) => request.headers.authorization)
  assert.deepEqual(seen, ['Bearer first', 'Bearer second'])
})

const failures: readonly (readonly [string, RequestListener])[] = [
  ['404', (_request, response) => void response.writeHead(404).end(keysOf(one))],
  ['500', (_request, response) => void response.writeHead(500).end()],
  ['10 MB', (_request, response) => floodWith(response, 10 * 1024 * 1024)],
  ['a set that is compressed', (_request, response) => void response.setHeader('content-encoding', 'gzip').end('x')],
  ['HTML', serve('<html></html>')],
  ['a set with a key twice', serve('{"keys":[],"keys":[]}')],
  ['an empty set', serve('{"keys":[]}')],
  ['a list', serve('[]')],
  ['101 keys', serve(JSON.stringify({ keys: Array(101).fill(one.jwk) }))],
  ['a redirect to a file', redirectTo('file:///etc/passwd')],
  ['a redirect to the metadata address', redirectTo('http://169.254.169.254/latest/meta-data/')],
  ['a redirect to another port', redirectTo('https://127.0.0.1:1/keys')],
  ['a redirect to another name of the host', redirectTo(`${server.url.replace('127.0.0.1', 'localhost')}/keys`)],
  ['a redirect to plain http', redirectTo(`${server.url.replace('https', 'http')}/keys`)],
  ['redirects without end', redirectTo('/again')],
  ['a redirect to nowhere', redirectTo('https://')],
  ['a connection that breaks', (_request, response) => void response.destroy()],
  ['a body that breaks', breakOff],
]

function breakOff(_request: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 1000 })
  response.write('{"keys":', () => response.destroy())
}

function floodWith(response: ServerResponse, bytes: number): void {
  const chunk = Buffer.alloc(64 * 1024, 0x20)
  let left = bytes
  const write = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length
      if (!response.write(chunk)) return void response.once('drain', write)
    }
    response.end()
  }
  write()
}

for (const [title, answer] of failures) {
  test(`hostile 76: the key server answers ${title}: no keys, and at most two tries`, async () => {
    server.answer = answer
    const source = open()
    await assert.rejects(async () => source.candidates('one', 'ES256'), unavailable)
    await assert.rejects(async () => source.candidates('one', 'ES256'), unavailable)
    const tries = server.requests.filter((request) => request.url === '/keys').length
    assert.equal(tries, 2, 'one when opened and one for the unknown key')
    assert.ok(server.requests.length <= 8)
  })
}

test('hostile 76: a key server that does not answer is given up', async () => {
  server.answer = () => {}
  const options = { allowPrivateAddress: true, signal: AbortSignal.timeout(50), ca: await rootOf() }
  await assert.rejects(fetchDocument(`${server.url}/keys`, options), { name: 'FetchError' })
})

test('hostile 76: a key server that drips is given up', async () => {
  server.answer = (_request, response) => {
    const drip = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(drip))
  }
  const options = { allowPrivateAddress: true, signal: AbortSignal.timeout(100), ca: await rootOf() }
  await assert.rejects(fetchDocument(`${server.url}/keys`, options), { name: 'FetchError' })
})

function rootOf(): Promise<string> {
  return readFile(server.caFile, 'utf8')
}

test('hostile 76: redirects on the own host are followed, three of them', async () => {
  let hops = 0
  server.answer = (request, response) => {
    if (hops++ < 3) response.writeHead(307, { location: `/hop${hops}` }).end()
    else serve(keysOf(one))(request, response)
  }
  assert.deepEqual(await kidsFor(open(), 'one'), ['one'])
})

const addresses: readonly (readonly [string, boolean])[] = [
  ['https://127.0.0.1/keys', false],
  ['https://localhost/keys', false],
  ['https://[::1]/keys', false],
  ['https://[::ffff:10.0.0.1]/keys', false],
  ['https://169.254.169.254/latest/meta-data', false],
  ['https://2130706433/keys', false],
  ['https://0x7f.1/keys', false],
  ['https://10.0.0.1/keys', false],
  ['https://[fd00:ec2::254]/keys', false],
  ['http://192.0.0.192/keys', false],
  ['http://93.184.216.34/keys', false],
  ['http://10.0.0.1/keys', true],
  ['http://169.254.169.254/keys', true],
  ['file:///etc/passwd', true],
  ['ftp://127.0.0.1/keys', true],
  ['keys', true],
]
for (const [address, allowPrivateAddress] of addresses) {
  test(`hostile 76: ${address} is not fetched${allowPrivateAddress ? ' although private addresses are allowed' : ''}`, async () => {
    const started = performance.now()
    const refused = (error: FetchError) =>
      error.name === 'FetchError' && !/no answer|ECONN|ENETUNREACH/.test(error.message)
    await assert.rejects(fetchDocument(address, { allowPrivateAddress, signal: AbortSignal.timeout(5_000) }), refused)
    assert.ok(performance.now() - started < 1_000)
  })
}

test('hostile 76: rotation in mid-flight: a token of the new key is good at once, one of the old key no longer', async () => {
  server.answer = serve(keysOf(one))
  const source = open()
  assert.deepEqual(await kidsFor(source, 'one'), ['one'])
  const { version } = source
  server.answer = serve(keysOf(two))
  assert.deepEqual(await kidsFor(source, 'two'), ['two'])
  assert.ok(source.version > version)
  assert.deepEqual(await kidsFor(source, 'one'), [])
})

test('hostile 76: a flood of unknown key ids causes one fetch in 10 s', async () => {
  server.answer = serve(keysOf(one))
  const source = open()
  await source.candidates('one', 'ES256')
  const flood = async () => {
    const asked = Array.from({ length: 500 }, async (_, i) => source.candidates(`unknown ${i}`, 'ES256'))
    const answers = await Promise.allSettled(asked)
    const answered = answers.filter((answer) => answer.status === 'fulfilled')
    assert.ok(answered.every(({ value }) => value.length === 0))
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.equal(answer.reason.code, 'auth.keys_unavailable')
    }
    return answered.length
  }
  assert.equal(await flood(), 16) // the others do not wait for the fetch
  assert.equal(server.requests.length, 2)
  clock.advance(9_999)
  assert.equal(await flood(), 500) // there is none to wait for
  assert.equal(server.requests.length, 2)
  clock.advance(1)
  await flood()
  assert.equal(server.requests.length, 3)
})

test('hostile 76: the last good keys serve while the server is down; what is not among them is unavailable', async () => {
  server.answer = serve(keysOf(one))
  const source = open()
  assert.deepEqual(await kidsFor(source, 'one'), ['one'])
  server.answer = (_request, response) => void response.writeHead(503).end()
  await assert.rejects(async () => source.candidates('two', 'ES256'), unavailable)
  assert.deepEqual(await kidsFor(source, 'one'), ['one'])
})

test('discovery: the document names the issuer that was asked, and its keys are used', async () => {
  const document = { issuer: `${server.url}/realm`, jwks_uri: `${server.url}/keys` }
  server.answer = (request, response) => {
    response.end(request.url === '/keys' ? keysOf(one) : JSON.stringify(document))
  }
  const jwks = { discovery: true, caFile: server.caFile } as const
  assert.deepEqual(await kidsFor(open({ issuer: `${server.url}/realm`, jwks }), 'one'), ['one'])
  assert.deepEqual(
    server.requests.map((request) => request.url),
    ['/realm/.well-known/openid-configuration', '/keys'],
  )
})

for (const [title, document] of [
  ['names another issuer', { issuer: 'https://evil.example', jwks_uri: `${server.url}/keys` }],
  ['names the issuer with a slash', { issuer: `${server.url}/`, jwks_uri: `${server.url}/keys` }],
  ['has no jwks_uri', { issuer: server.url }],
  ['has a jwks_uri that is a file', { issuer: server.url, jwks_uri: 'file:///etc/passwd' }],
  ['has a jwks_uri in plain http', { issuer: server.url, jwks_uri: 'http://169.254.169.254/keys' }],
] as const) {
  test(`hostile 76: a discovery document that ${title} gives no keys`, async () => {
    server.answer = (request, response) => {
      response.end(request.url === '/keys' ? keysOf(one) : JSON.stringify(document))
    }
    const jwks = { discovery: true, caFile: server.caFile } as const
    await assert.rejects(async () => open({ issuer: server.url, jwks }).candidates('one', 'ES256'), unavailable)
  })
}

test('hostile 76: a certificate that the own CA did not sign gives no keys', async () => {
  server.answer = serve(keysOf(one))
  const jwks = { uri: `${server.url}/keys` }
  await assert.rejects(async () => open({ jwks }).candidates('one', 'ES256'), unavailable)
  assert.equal(server.requests.length, 0)
})

test('keys of a file: a changed file is read for an unknown key, a broken one leaves the last good keys', async () => {
  const file = join(server.directory, 'jwks.json')
  await writeFile(file, keysOf(one))
  const source = open({ jwks: { file } })
  assert.deepEqual(await kidsFor(source, 'one'), ['one'])
  await writeFile(file, keysOf(one, two))
  assert.deepEqual(await kidsFor(source, 'two'), ['two'])
  await writeFile(file, '{')
  clock.advance(1_000)
  await assert.rejects(async () => source.candidates('three', 'ES256'), { code: 'auth.keys_unavailable' })
  assert.deepEqual(await kidsFor(source, 'two'), ['two'])
  assert.equal(server.requests.length, 0)
})
