import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, exportJWK } from 'jose'
import type { Authority, AuthorityState } from '../../../../src/ca/authority.ts'
import { buildBundle } from '../../../../src/ca/build-bundle.ts'
import { createJwtAuthority } from '../../../../src/ca/jwt/create-jwt-authority.ts'
import { jwtKeysOf } from '../../../../src/ca/jwt/jwt-keys.ts'
import { publishedKeysOf, toJwtBundleKeys, toSigningKeys } from '../../../../src/ca/jwt/published-keys.ts'
import { refuseOtherTrustDomain } from '../../../../src/ca/trust-domain.ts'
import type { Signer } from '../../../../src/pki/signer.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { jwtAuthority, NOW } from '../../../support/jwt-world.ts'

const SECONDS = NOW / 1000
const { authority, signer } = await jwtAuthority()

function keysOf(authorities: readonly Authority[], signerOf: () => Promise<Signer> = async () => signer) {
  return jwtKeysOf({ authorities: () => authorities, sequence: () => 1, signerOf })
}

const states: readonly (readonly [AuthorityState, boolean])[] = [
  ['prepared', true],
  ['active', true],
  ['draining', true],
  ['tainted', true],
  ['retired', false],
  ['revoked', false],
]
for (const [state, isPublished] of states) {
  test(`F-1, F-2: a key that is ${state} is ${isPublished ? 'published' : 'not published'}`, () => {
    assert.equal(publishedKeysOf([{ ...authority, state }]).length, isPublished ? 1 : 0)
  })

  test(`a key that is ${state} ${state === 'active' ? 'signs' : 'does not sign'}`, async () => {
    const signing = keysOf([{ ...authority, state }]).signing(SECONDS)
    if (state === 'active') assert.equal((await signing).kid, authority.id)
    else await assert.rejects(signing, { code: 'issue.no_active_authority' })
  })
}

test('a key signs from its beginning to its end', async () => {
  const keys = keysOf([authority])
  await keys.signing(authority.notBefore)
  await keys.signing(authority.notAfter - 1)
  for (const at of [authority.notBefore - 1, authority.notAfter]) {
    await assert.rejects(keys.signing(at), { code: 'issue.no_active_authority' })
  }
})

test('roots and intermediates are no JWT keys', async () => {
  const others: readonly Authority[] = [
    { ...authority, kind: 'root' },
    { ...authority, kind: 'intermediate' },
  ]
  assert.deepEqual(publishedKeysOf(others), [])
  await assert.rejects(keysOf(others).signing(SECONDS), { code: 'issue.no_active_authority' })
})

test('a private key is loaded once, and again after it could not be', async () => {
  let loads = 0
  const keys = keysOf([authority], async () => {
    if (loads++ === 0) throw new Error('the disk is away')
    return signer
  })
  await assert.rejects(keys.signing(SECONDS), /the disk is away/)
  await Promise.all([keys.signing(SECONDS), keys.signing(SECONDS)])
  assert.equal(loads, 2)
})

test('the next key signs as soon as it is active, and the published ones change with the authorities', async () => {
  const next = await jwtAuthority('ec-p384', 'prepared')
  let authorities: readonly Authority[] = [authority, next.authority]
  const signerOf = async ({ id }: Authority) => (id === authority.id ? signer : next.signer)
  const keys = jwtKeysOf({ authorities: () => authorities, sequence: () => 1, signerOf })
  assert.equal((await keys.signing(SECONDS)).kid, authority.id)
  const before = keys.published()
  assert.equal(keys.published(), before)
  authorities = [
    { ...authority, state: 'draining' },
    { ...next.authority, state: 'active' },
  ]
  assert.equal((await keys.signing(SECONDS)).kid, next.authority.id)
  assert.notEqual(keys.published(), before)
  assert.deepEqual(
    keys.published().map(({ kid }) => kid),
    before.map(({ kid }) => kid),
  )
})

test('J-17, J-18, B-14: an entry of the SPIFFE bundle', async () => {
  const jwk = await exportJWK(signer.publicKey)
  assert.deepEqual(toPlain(toJwtBundleKeys(publishedKeysOf([authority]))), [
    { use: 'jwt-svid', kid: authority.id, ...jwk },
  ])
  const { spiffe, roots } = buildBundle([authority], 2)
  assert.deepEqual(JSON.parse(spiffe).keys, [{ use: 'jwt-svid', kid: authority.id, ...jwk }])
  assert.deepEqual(roots, [])
})

test('RFC 7517: an entry of the key set, RSA too, which jose reads', async () => {
  const rsa = await jwtAuthority('rsa-2048')
  const keys = toPlain(toSigningKeys(publishedKeysOf([authority, rsa.authority])))
  assert.deepEqual(keys, [
    { use: 'sig', kid: authority.id, alg: 'ES256', ...(await exportJWK(signer.publicKey)) },
    { use: 'sig', kid: rsa.authority.id, alg: 'RS256', ...(await exportJWK(rsa.signer.publicKey)) },
  ])
  await createLocalJWKSet({ keys })({ alg: 'RS256', kid: rsa.authority.id })
})

test('no private part is ever in an entry', () => {
  const published = publishedKeysOf([authority])
  for (const key of [...toJwtBundleKeys(published), ...toSigningKeys(published)]) assert.ok(!('d' in key))
})

test('an Ed25519 key becomes no JWT authority', async () => {
  const plan = { trustDomain: 'a', keyType: 'ed25519', ttlSeconds: 60, now: NOW, state: 'prepared' } as const
  const creating = createJwtAuthority({ keys: memoryKeys(), random: () => Buffer.alloc(16) }, plan)
  await assert.rejects(creating, { code: 'request.malformed', seen: 'ed25519' })
})

test('a stored JWT key says nothing of the trust domain', () => {
  refuseOtherTrustDomain([authority], 'other.example')
})

/** As it stands in JSON. */
function toPlain(keys: readonly object[]) {
  return JSON.parse(JSON.stringify(keys))
}
