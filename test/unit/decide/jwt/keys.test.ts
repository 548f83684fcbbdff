import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { toJwkSet } from '../../../../src/decide/jwt/jwk-set.ts'
import { type Json, makeToken, makeTokenKey, signingInput } from '../../../support/jwt-maker.ts'
import { outcomeOf } from '../../../support/jwt-request.ts'

const rsa = makeTokenKey('RS256', 'r')
const es256 = makeTokenKey('ES256', 'e')
const es384 = makeTokenKey('ES384', 'f')
const ed = makeTokenKey('EdDSA', 'd')
const claims = { iss: 'i' }

async function verdict(token: string, ...jwks: readonly Json[]): Promise<string> {
  const jwt = { headers: [['authorization', `Bearer ${token}`]] as const }
  return outcomeOf([{ issuer: 'i', jwks: JSON.stringify({ keys: jwks }) }], jwt)
}

const without = (jwk: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)))
const bare = (jwk: Json) => without(jwk, 'kid')
const noKid = { kid: undefined }

const other = makeTokenKey('RS256', 'other')
const choices: readonly (readonly [string, string, readonly Json[], string])[] = [
  ['its kid', makeToken(rsa, claims), [rsa.jwk], 'passed'],
  ['another kid', makeToken(rsa, claims, { kid: 'x' }), [rsa.jwk], 'no_matching_key'],
  ['no kid in the token: every key', makeToken(rsa, claims, noKid), [other.jwk, rsa.jwk], 'passed'],
  ['an empty kid is none', makeToken(rsa, claims, { kid: '' }), [rsa.jwk], 'passed'],
  ['no kid in the key: every token', makeToken(rsa, claims, { kid: 'x' }), [bare(rsa.jwk)], 'passed'],
  ['the kid of another key', makeToken(rsa, claims, { kid: 'other' }), [rsa.jwk, other.jwk], 'signature_invalid'],
  ['another alg than declared', makeToken(rsa, claims), [{ ...rsa.jwk, alg: 'RS512' }], 'no_matching_key'],
  ['its declared alg', makeToken(rsa, claims), [{ ...rsa.jwk, alg: 'RS256' }], 'passed'],
  ['no key at all', makeToken(rsa, claims), [], 'no_valid_keys'],
  ['ES256', makeToken(es256, claims), [es256.jwk], 'passed'],
  ['ES384', makeToken(es384, claims), [es384.jwk], 'passed'],
  ['ES256 without crv', makeToken(es256, claims), [without(es256.jwk, 'crv')], 'passed'],
  ['EdDSA', makeToken(ed, claims), [ed.jwk], 'passed'],
  ['a token of another kind of key', makeToken(es256, claims, noKid), [bare(rsa.jwk)], 'signature_invalid'],
  ['as Envoy, no key behind an Ed25519 one', makeToken(rsa, claims), [bare(ed.jwk), rsa.jwk], 'ed25519_length'],
  ['a private key serves by its public half', makeToken(rsa, claims), [{ ...rsa.jwk, d: 'AQAB' }], 'passed'],
  ['use is not looked at', makeToken(rsa, claims), [{ ...rsa.jwk, use: 'enc' }], 'passed'],
]
for (const [name, token, keys, want] of choices) {
  test(`keys: ${name}: ${want}`, async () => assert.equal(await verdict(token, ...keys), want))
}

test('keys: an RSA key without alg verifies RS512; RSASSA-PSS has to be declared', async () => {
  const input = signingInput({ alg: 'RS512' }, claims)
  const rs512 = `${input}.${sign('sha512', Buffer.from(input), rsa.privateKey).toString('base64url')}`
  assert.equal(await verdict(rs512, rsa.jwk), 'passed')
  const pss = makeTokenKey('PS256', 'p')
  assert.equal(await verdict(makeToken(pss, claims), pss.jwk), 'signature_invalid')
  assert.equal(await verdict(makeToken(pss, claims), { ...pss.jwk, alg: 'PS256' }), 'passed')
})

test('keys: a secret verifies HS256, as in Envoy', async () => {
  const input = signingInput({ alg: 'HS256' }, claims)
  const secret = Buffer.alloc(32, 7)
  const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  assert.equal(await verdict(token, { kty: 'oct', k: secret.toString('base64url') }), 'passed')
})

test('hostile 54: an ECDSA signature in DER form is none', async () => {
  const input = signingInput({ alg: 'ES256', kid: 'e' }, claims)
  const der = sign('sha256', Buffer.from(input), es256.privateKey)
  assert.equal(await verdict(`${input}.${der.toString('base64url')}`, es256.jwk), 'signature_invalid')
})

const useless: readonly (readonly [string, Json])[] = [
  ['no kty', without(rsa.jwk, 'kty')],
  ['another kty', { ...rsa.jwk, kty: 'X' }],
  ['an RSA key for ES256', { ...rsa.jwk, alg: 'ES256' }],
  ['another exponent', { ...rsa.jwk, e: 'AQAC' }],
  ['a short modulus', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as Json],
  ['an alg of another curve', { ...es256.jwk, alg: 'ES384' }],
  ['another curve', { ...es256.jwk, crv: 'secp256k1' }],
  ['a curve for encryption', { ...ed.jwk, crv: 'X25519' }],
  ['half a point', without(es256.jwk, 'y')],
]
for (const [name, jwk] of useless) {
  test(`keys: ${name} is of no use`, () =>
    assert.deepEqual(toJwkSet(JSON.stringify({ keys: [jwk, rsa.jwk] })).keys.length, 1))
}

test('keys: a point off its curve verifies nothing', async () => {
  assert.equal(await verdict(makeToken(es256, claims), { ...es256.jwk, x: es256.jwk.y }), 'signature_invalid')
})

for (const text of ['', '{', '[]', '{}', '{"keys":{}}', `{"keys":[${Array(101).fill('{}').join()}]}`]) {
  test(`keys: ${text.slice(0, 20)} is no set`, () => assert.deepEqual(toJwkSet(text).keys, []))
}
