import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { HttpDeps } from '../../../../src/api/http/deps.ts'
import { type PublishedKey, publishedKeysOf } from '../../../../src/ca/jwt/published-keys.ts'
import { fakeDeps, fakeJwts } from '../../../support/http.ts'
import { jwtAuthority } from '../../../support/jwt-world.ts'

const DISCOVERY = '/.well-known/openid-configuration'
const keys = publishedKeysOf([(await jwtAuthority()).authority, (await jwtAuthority('rsa-2048')).authority])

function appOf(jwts: Partial<HttpDeps['jwts']>) {
  return buildApi(fakeDeps({ jwts: { ...fakeJwts, ...jwts } }), 'network', (handler) => createServer(handler))
}

describe('GET /.well-known/openid-configuration', () => {
  const issuers = ['https://ca.example.org', 'https://ca.example.org/', 'https://ca.example.org/mesh']
  for (const issuer of issuers) {
    test(`${issuer}: the issuer to the letter, and the keys behind it`, async () => {
      const response = await appOf({ issuer, keys: { published: () => keys } }).inject(DISCOVERY)
      assert.equal(response.statusCode, 200)
      assert.deepEqual(response.json(), {
        issuer,
        jwks_uri: `${issuer.replace(/\/$/, '')}/keys`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256', 'RS256'],
        claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti'],
      })
    })
  }

  test('without an issuer there is none, and it says what to set', async () => {
    const response = await appOf({}).inject(DISCOVERY)
    assert.equal(response.statusCode, 404)
    assert.equal(response.json().code, 'resource.not_found')
    assert.match(response.json().detail, /authority\.jwt\.issuer/)
  })
})

describe('GET /keys', () => {
  test('is a JWK set for anyone, to be asked for anew each time', async () => {
    const response = await appOf({ keys: { published: () => keys } }).inject('/keys')
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers['content-type'], 'application/json')
    assert.equal(response.headers['cache-control'], 'no-cache')
    const seen = response.json().keys.map(({ kid, use, alg }: Record<string, unknown>) => [kid, use, alg])
    assert.deepEqual(seen, [
      [keys[0]?.kid, 'sig', 'ES256'],
      [keys[1]?.kid, 'sig', 'RS256'],
    ])
  })

  test('without keys it is an empty set', async () => {
    assert.deepEqual((await appOf({}).inject('/keys')).json(), { keys: [] })
  })

  test('304 for the tag of before, until the keys change', async () => {
    let published: readonly PublishedKey[] = keys
    const app = appOf({ keys: { published: () => published } })
    const { etag = '' } = (await app.inject('/keys')).headers
    assert.match(etag, /^"[\w-]{22}"$/)
    const ask = () => app.inject({ url: '/keys', headers: { 'if-none-match': etag } })
    const again = await ask()
    assert.deepEqual([again.statusCode, again.body], [304, ''])
    published = keys.slice(1)
    const changed = await ask()
    assert.equal(changed.statusCode, 200)
    assert.notEqual(changed.headers.etag, etag)
  })
})
