import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/kernel/errors.ts'
import { attestationOptions, inlineRule, testAttestation } from '../support/attestation.ts'
import { FakeClock } from '../support/fakes.ts'
import fc from '../support/fast-check.ts'
import { kubernetesClaims, makeToken, makeTokenKey, signingInput, signToken } from '../support/jwt-maker.ts'

const NOW = 1_795_230_000
const key = makeTokenKey('EdDSA', 'k')
const { attestation } = testAttestation(attestationOptions({ jwt: [inlineRule([key])] }), new FakeClock(NOW * 1000))
const good = makeToken(key, kubernetesClaims(NOW))

async function outcome(bearer: string): Promise<string> {
  try {
    return (await attestation.attest({ bearer })).identity.uri
  } catch (error) {
    assert.ok(error instanceof AppError && error.code.startsWith('auth.'), String(error))
    return error.code
  }
}

test('hostile 58: no change of a single character leaves a token valid', async () => {
  const character = fc.oneof(fc.constantFrom('.', '=', '+', '/', ' ', '\n', '\0', 'é'), fc.stringMatching(/^[\w-]$/))
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), character, fc.constantFrom(0, 1), async (at, text, drop) => {
      const changed = good.slice(0, at) + text + good.slice(at + drop)
      fc.pre(changed !== good)
      assert.match(await outcome(changed), /^auth\./)
    }),
    { numRuns: 3_000 },
  )
})

test('hostile 60–70: any JSON in signed header and claims is attested or refused with a code', async () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const claims = fc.record(
    { exp: value, nbf: value, iat: value, aud: value, sub: value, 'kubernetes.io': value, jti: value },
    { requiredKeys: [] },
  )
  const header = fc.record({ kid: value, typ: value, cty: value }, { requiredKeys: [] })
  await fc.assert(
    fc.asyncProperty(header, claims, async (head, body) => {
      const input = signingInput({ alg: 'EdDSA', kid: 'k', ...head }, { ...kubernetesClaims(NOW), ...body })
      const uri = await outcome(`${input}.${signToken(key, input).toString('base64url')}`)
      assert.ok(uri.startsWith('auth.') || uri === 'spiffe://cluster.local/ns/default/sa/web')
    }),
    { numRuns: 2_000 },
  )
})
