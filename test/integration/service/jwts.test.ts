import assert from 'node:assert/strict'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Json } from '../../support/jwt-maker.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer, createToken, exchange, listIssued, readMetric } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const ISSUER = 'https://ca.example.org'
const WEB = idOf('default', 'web')
const API = idOf('default', 'api')
const CONFIG = { attestation: ATTESTATION, authority: { jwt: { issuer: ISSUER } } }

let service: Service
before(async () => {
  service = await startService({ config: CONFIG })
})
after(() => service.stop())

function send(method: 'GET' | 'POST', path: string, { body, token }: { body?: Json; token?: string } = {}) {
  const authorization: Json = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const options = { ca: service.roots(), agent: false, host: '127.0.0.1', port: service.port('https'), path, method }
  const headers = { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  return exchange(https.request({ ...options, headers }), body === undefined ? undefined : JSON.stringify(body))
}

async function issue(body: Json, token?: string): Promise<string> {
  const answer = await send('POST', '/v1/jwts', token === undefined ? { body } : { body, token })
  assert.equal(answer.status, 201, answer.text)
  return answer.json.token ?? assert.fail()
}

/** As a service behind OIDC does it: discovery, keys, signature, issuer, audience. */
async function verify(token: string, audience: string) {
  const discovery = JSON.parse((await send('GET', '/.well-known/openid-configuration')).text)
  assert.equal(discovery.issuer, ISSUER)
  const keys = createLocalJWKSet(JSON.parse((await send('GET', new URL(discovery.jwks_uri).pathname)).text))
  const algorithms = discovery.id_token_signing_alg_values_supported
  return (await jwtVerify(token, keys, { issuer: ISSUER, audience, algorithms })).payload
}

describe('JWT-SVIDs', () => {
  test('for a bearer JWT and for a join token, verified by what discovery says', async () => {
    const byJwt = await verify(await issue({ audiences: [API] }, kubernetesToken('default', 'web')), API)
    assert.equal(byJwt.sub, WEB)
    const joinToken = await createToken(service, WEB)
    assert.equal((await verify(await issue({ audiences: [API], joinToken }), API)).sub, WEB)
    const again = await send('POST', '/v1/jwts', { body: { audiences: [API], joinToken } })
    assert.deepEqual([again.status, again.json.code], [401, 'auth.token_used'])
  })

  test('a join token is not spent by a request that is refused', async () => {
    const joinToken = await createToken(service, WEB)
    assert.equal((await send('POST', '/v1/jwts', { body: { audiences: ['a\nb'], joinToken } })).status, 400)
    await issue({ audiences: ['a'], joinToken })
  })

  test('each is in the record before it is in the answer, and counted', async () => {
    const { jti } = decodeJwt(await issue({ audiences: [API] }, kubernetesToken('default', 'web')))
    const [row] = await listIssued(service, `&serial=${jti}`)
    assert.deepEqual([row?.serial, row?.identity, row?.attestor], [jti, WEB, 'jwt'])
    assert.ok((await readMetric(service, 'alcazar_jwts_total{attestor="jwt",outcome="issued"}')) > 0)
    const revoked = await administer(service, 'DELETE', `/v1/issued/${jti}`)
    assert.deepEqual([revoked.status, revoked.json.code], [409, 'resource.conflict'])
  })

  test('the local administrator issues for whom it names, nobody else does', async () => {
    const body = { audiences: [API], identity: WEB }
    assert.equal((await administer(service, 'POST', '/v1/jwts', body)).status, 201)
    const refused = await send('POST', '/v1/jwts', { body, token: kubernetesToken('default', 'api') })
    assert.deepEqual([refused.status, refused.json.code], [403, 'auth.forbidden'])
    const nobody = await send('POST', '/v1/jwts', { body: { audiences: [API] } })
    assert.deepEqual([nobody.status, nobody.json.code], [401, 'auth.missing'])
  })

  test('J-17, J-18: the key is in the bundle for JWTs and in `/keys` for OIDC, and in no PEM', async () => {
    const bundle = JSON.parse((await send('GET', '/v1/bundle')).text)
    const keys = JSON.parse((await send('GET', '/keys')).text)
    const ids = bundle.keys.filter(({ use }: Json) => use === 'jwt-svid').map(({ kid }: Json) => kid)
    assert.deepEqual(
      ids,
      keys.keys.map(({ kid }: Json) => kid),
    )
    assert.equal(ids.length, 1)
    assert.ok(!service.roots().includes('PUBLIC KEY'))
  })

  test('after a restart the same key signs', async () => {
    const { kid } = JSON.parse((await send('GET', '/keys')).text).keys[0]
    await service.stop()
    const { directory } = service
    service = await startService({ directory, config: CONFIG })
    const token = await issue({ audiences: [API] }, kubernetesToken('default', 'web'))
    assert.equal(decodeProtectedHeader(token).kid, kid)
    assert.equal((await verify(token, API)).sub, WEB)
  })
})
