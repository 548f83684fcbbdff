import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { JwksProvider } from '../../src/decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../../src/decide/jwt/token-verifier.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { JwtRule } from '../../src/mesh/resource.ts'
import { FakeClock } from '../support/fakes.ts'
import { makeToken, makeTokenKey } from '../support/jwt-maker.ts'
import { jwksOf, jwtRequest, NOW, planOf } from '../support/jwt-request.ts'

const one = makeTokenKey('ES256', 'one')
const two = makeTokenKey('ES256', 'two')
const answers = new Map<string, RequestListener>()
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  const answer = answers.get(request.url ?? '')
  if (answer === undefined) response.writeHead(404).end()
  else answer(request, response)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => server.close())

const text =
  (body: string): RequestListener =>
  (_request, response) =>
    response.end(body)

function open({ allowPrivateAddress = true } = {}) {
  const clock = new FakeClock(NOW * 1000)
  const provider = new JwksProvider({ clock, log: silentLog, allowPrivateAddress })
  const verifier = new TokenVerifier(provider)
  const follow = (...rules: readonly JwtRule[]) => provider.follow(planOf(...rules).rules.map(({ keys }) => keys))
  const ask = async (rule: JwtRule, token: string) => {
    const request = jwtRequest({ headers: [['authorization', `Bearer ${token}`]] })
    const outcome = await verifier.authenticate(planOf(rule), request, NOW)
    return outcome.ok ? 'passed' : outcome.failure
  }
  return { clock, provider, follow, ask, [Symbol.dispose]: () => provider.close() }
}

test('keys come from jwksUri, fetched when the rule appears', async () => {
  answers.set('/keys', text(jwksOf(one)))
  const rule = { issuer: 'i', jwksUri: `${url}/keys` }
  using opened = open()
  assert.equal(await opened.ask(rule, makeToken(one, { iss: 'i' })), 'keys_unavailable')
  opened.follow(rule)
  assert.equal(await opened.ask(rule, makeToken(one, { iss: 'i' })), 'passed')
  assert.equal(await opened.ask(rule, makeToken(two, { iss: 'i' }, { kid: 'one' })), 'signature_invalid')
})

test('keys come by discovery when a rule names its issuer alone', async () => {
  answers.set('/tenant/.well-known/openid-configuration', text(JSON.stringify({ jwks_uri: `${url}/tenant/keys` })))
  answers.set('/tenant/keys', text(jwksOf(one)))
  const rule = { issuer: `${url}/tenant/` }
  using opened = open()
  opened.follow(rule)
  assert.equal(await opened.ask(rule, makeToken(one, { iss: rule.issuer })), 'passed')
})

test('hostile 76: keys that rotate are found by their id, and a removed one verifies no more', async () => {
  answers.set('/rotating', text(jwksOf(one)))
  const rule = { issuer: 'i', jwksUri: `${url}/rotating` }
  using opened = open()
  opened.follow(rule)
  const [old, young] = [makeToken(one, { iss: 'i' }), makeToken(two, { iss: 'i' })]
  assert.equal(await opened.ask(rule, old), 'passed')
  answers.set('/rotating', text(jwksOf(two)))
  assert.equal(await opened.ask(rule, young), 'passed')
  assert.equal(await opened.ask(rule, old), 'no_matching_key')
})

const unusable: readonly (readonly [string, RequestListener])[] = [
  ['404', (_request, response) => response.writeHead(404).end()],
  ['no JSON', text('<html>')],
  ['no key', text('{"keys":[]}')],
  ['10 MB', text(' '.repeat(10_000_000))],
  ['a redirect to a file', (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
  [
    'a redirect to a metadata service',
    (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  ],
  ['silence', () => {}],
]
for (const [name, answer] of unusable) {
  test(`hostile 76: ${name} gives no keys`, async () => {
    const path = `/${encodeURIComponent(name)}`
    answers.set(path, answer)
    const rule = { issuer: 'i', jwksUri: `${url}${path}`, timeout: '0.2s' }
    using opened = open()
    opened.follow(rule)
    assert.equal(await opened.ask(rule, makeToken(one, { iss: 'i' })), 'keys_unavailable')
  })
}

test('hostile 76: no address that is not public, unless allowed', async () => {
  answers.set('/private', text(jwksOf(one)))
  const rule = { issuer: 'i', jwksUri: `${url}/private` }
  using opened = open({ allowPrivateAddress: false })
  opened.follow(rule)
  assert.equal(await opened.ask(rule, makeToken(one, { iss: 'i' })), 'keys_unavailable')
  assert.ok(!asked.includes('/private'))
})

test('sources that no rule names are closed, the others go on', async () => {
  answers.set('/kept', text(jwksOf(one)))
  answers.set('/gone', text(jwksOf(one)))
  const kept = { issuer: 'i', jwksUri: `${url}/kept` }
  const gone = { issuer: 'i', jwksUri: `${url}/gone` }
  using opened = open()
  opened.follow(kept, gone)
  const token = makeToken(one, { iss: 'i' })
  assert.deepEqual([await opened.ask(kept, token), await opened.ask(gone, token)], ['passed', 'passed'])
  opened.follow(kept)
  assert.deepEqual([await opened.ask(kept, token), await opened.ask(gone, token)], ['passed', 'keys_unavailable'])
  assert.equal(asked.filter((path) => path === '/kept').length, 1)
})
