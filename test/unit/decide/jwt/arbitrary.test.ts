import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../../support/fast-check.ts'
import { makeToken, makeTokenKey, signingInput } from '../../../support/jwt-maker.ts'
import { jwksOf, jwtRequest, NOW, openVerifier, planOf } from '../../../support/jwt-request.ts'

const key = makeTokenKey('EdDSA', 'k')
const good = makeToken(key, { iss: 'i', sub: 'alice' })
const verifier = openVerifier()
const plan = planOf(
  { issuer: 'i', jwks: jwksOf(key), outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] },
  { issuer: 'i', jwks: jwksOf(key), fromHeaders: [{ name: 'x', prefix: 'T' }], fromParams: ['t'], fromCookies: ['c'] },
)

async function identityOf(target: string, headers: readonly (readonly [string, string])[]): Promise<unknown> {
  const outcome = await verifier.authenticate(plan, jwtRequest({ target, headers }), NOW)
  assert.ok(outcome.ok || outcome.status === 401)
  return outcome.ok ? outcome.claims : null
}

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'Bearer ',
    'T',
    't=',
    'c=',
    '; ',
    '&',
    '%',
    '%2e',
    '.',
    '..',
    '=',
    'access_token=',
    'e30',
    'e30.e30.e30',
  ),
  fc.json().map((text) => `${signingInput('{"alg":"EdDSA"}', text)}.AAAA`),
)
const hostile = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))

test('property: whatever is sent never throws, and never becomes an identity', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, hostile, async (query, authorization, x, cookie) => {
      const headers = [
        ['authorization', `Bearer ${authorization}`],
        ['x', x],
        ['cookie', cookie],
      ] as const
      assert.equal(await identityOf(`/?${query}`, headers), null)
    }),
    { numRuns: 500 },
  )
})

test('property: no change of a single character leaves a token valid (hostile 58)', async () => {
  const character = fc.oneof(fc.constantFrom('.', '=', '+', '/', ' ', '\n', '\0', 'é'), fc.stringMatching(/^[\w-]$/))
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), character, fc.constantFrom(0, 1), async (at, text, drop) => {
      const changed = good.slice(0, at) + text + good.slice(at + drop)
      fc.pre(changed.trim() !== good && !/^[^\w.-]/.test(changed))
      assert.equal(await identityOf('/', [['authorization', `Bearer ${changed}`]]), null)
    }),
    { numRuns: 500 },
  )
})
