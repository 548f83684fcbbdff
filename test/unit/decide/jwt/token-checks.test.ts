import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Json,
  makeMacToken,
  makeToken,
  makeTokenKey,
  signingInput,
  signToken,
} from '../../../support/jwt-maker.ts'
import { authenticate, jwksOf, NOW, outcomeOf } from '../../../support/jwt-request.ts'

const key = makeTokenKey('RS256', 'one')
const rule = { issuer: 'https://issuer.example', jwks: jwksOf(key) }
const claims = (more: Json = {}): Json => ({ iss: rule.issuer, sub: 'alice', exp: NOW + 60, ...more })
const bearer = (token: string) => ({ headers: [['authorization', `Bearer ${token}`]] as const })
const signed = (input: string) => `${input}.${signToken(key, input).toString('base64url')}`

const sound: readonly (readonly [Json, string])[] = [
  [{}, 'passed'],
  [{ iss: 7 }, 'iss_not_string'],
  [{ iss: null }, 'iss_not_string'],
  [{ sub: 7 }, 'sub_not_string'],
  [{ jti: 7 }, 'jti_not_string'],
  [{ aud: 7 }, 'aud_not_strings'],
  [{ aud: ['a', 7] }, 'aud_not_strings'],
  [{ aud: [] }, 'passed'],
  [{ exp: String(NOW) }, 'exp_not_number'],
  [{ exp: -1 }, 'exp_out_of_range'],
  [{ exp: 1e30 }, 'exp_out_of_range'],
  [{ exp: 0 }, 'passed'],
  [{ exp: NOW + 0.5 }, 'passed'],
  [{ exp: NOW - 60 }, 'passed'],
  [{ exp: NOW - 61 }, 'expired'],
  [{ nbf: NOW + 60 }, 'passed'],
  [{ nbf: NOW + 61 }, 'not_yet_valid'],
  [{ nbf: 'x' }, 'nbf_not_number'],
  [{ iat: NOW + 1e6 }, 'passed'],
  [{ iat: -1 }, 'iat_out_of_range'],
  [{ iat: true }, 'iat_not_number'],
  [{ iss: `${rule.issuer}/` }, 'issuer_unknown'],
  [{ iss: undefined }, 'issuer_unknown'],
  [{ sub: undefined, exp: undefined }, 'passed'],
]
for (const [more, want] of sound) {
  test(`jwt claims: ${JSON.stringify(more)} is ${want}`, async () => {
    assert.equal(await outcomeOf([rule], bearer(makeToken(key, claims(more)))), want)
  })
}

const audiences: readonly (readonly [readonly string[], unknown, string])[] = [
  [[], undefined, 'passed'],
  [['a'], undefined, 'audience_not_allowed'],
  [['a'], 'a', 'passed'],
  [['a'], ['b', 'a'], 'passed'],
  [['a'], 'A', 'audience_not_allowed'],
  [['a'], 'https://a/', 'passed'],
  [['http://a'], 'a/', 'passed'],
  [['a'], 'a//', 'audience_not_allowed'],
  [['a'], 'https://http://a', 'audience_not_allowed'],
]
for (const [wanted, aud, want] of audiences) {
  test(`jwt audiences: ${JSON.stringify(aud)} for ${JSON.stringify(wanted)} is ${want}`, async () => {
    assert.equal(await outcomeOf([{ ...rule, audiences: wanted }], bearer(makeToken(key, claims({ aud })))), want)
  })
}

const good = makeToken(key, claims())
const [head = '', body = '', signature = ''] = good.split('.')
const forms: readonly (readonly [string, string, string])[] = [
  ['one segment', 'abc', 'bad_format'],
  ['no signature', `${head}.${body}.`, 'bad_format'],
  ['hostile 58: a fourth segment', `${good}.x`, 'bad_format'],
  ['hostile 59: the five segments of a JWE', `${good}.x.y`, 'bad_format'],
  ['hostile 58: padding', `${head}=.${body}.${signature}`, 'header_not_base64'],
  ['hostile 58: a blank', `${head}. ${body}.${signature}`, 'payload_not_base64'],
  ['hostile 58: another alphabet', `${head}.${body}.${signature.slice(0, -2)}+/`, 'signature_not_base64'],
  ['no JSON', `${Buffer.from('{').toString('base64url')}.${body}.${signature}`, 'header_not_json'],
  ['no object', signed(signingInput({ alg: 'RS256' }, '[]')), 'payload_not_json'],
  ['hostile 60: a claim twice', signed(signingInput({ alg: 'RS256' }, '{"iss":"a","iss":"b"}')), 'payload_not_json'],
  ['no algorithm', signed(signingInput({}, claims())), 'alg_missing'],
  ['none', `${signingInput({ alg: 'none' }, claims())}.e30`, 'alg_unknown'],
  ['hostile 56: a kid that is no string', signed(signingInput({ alg: 'RS256', kid: 7 }, claims())), 'kid_not_string'],
  ['hostile 56: a kid of 1 MB', makeToken(key, claims(), { kid: 'k'.repeat(1_000_000) }), 'bad_format'],
  ['hostile 56: a kid that is a path', makeToken(key, claims(), { kid: '../../etc/passwd' }), 'no_matching_key'],
  ['hostile 57: a critical header', makeToken(key, claims(), { crit: ['x'], x: 1 }), 'signature_invalid'],
  ['hostile 57: b64', makeToken(key, claims(), { crit: ['b64'], b64: false }), 'signature_invalid'],
  ['the MAC of a public key', makeMacToken(key, claims()), 'signature_invalid'],
  ['altered claims', `${head}.${signingInput('', claims({ sub: 'bob' })).slice(1)}.${signature}`, 'signature_invalid'],
]
for (const [name, token, want] of forms) {
  test(`jwt form: ${name} is ${want}`, async () => assert.equal(await outcomeOf([rule], bearer(token)), want))
}

test('hostile 55: a key that comes with the token is not looked at', async () => {
  const attacker = makeTokenKey('RS256', 'one')
  const token = makeToken(attacker, claims(), {
    jwk: attacker.jwk,
    jku: 'https://127.0.0.1/keys',
    x5u: 'https://127.0.0.1/',
  })
  assert.equal(await outcomeOf([rule], bearer(token)), 'signature_invalid')
})

test('a wrong audience is told before a bad signature', async () => {
  const token = makeToken(makeTokenKey('RS256', 'one'), claims({ aud: 'other' }))
  assert.equal(await outcomeOf([{ ...rule, audiences: ['a'] }], bearer(token)), 'audience_not_allowed')
})

test('a refusal carries the status, text and challenge of Envoy', async () => {
  const parts = { target: '/a?b="', ...bearer(makeToken(key, claims({ exp: 1 }))) }
  assert.deepEqual(await authenticate([rule], parts), {
    ok: false,
    failure: 'expired',
    status: 401,
    message: 'Jwt is expired',
    wwwAuthenticate: 'Bearer realm="http://shop/a?b=?", error="invalid_token"',
  })
})
