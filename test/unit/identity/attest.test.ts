import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence, Role } from '../../../src/identity/evidence.ts'
import { AttestationOptionsError } from '../../../src/identity/options.ts'
import { attestationOptions, inlineRule, testAttestation } from '../../support/attestation.ts'
import { FakeClock } from '../../support/fakes.ts'
import { kubernetesClaims, makeToken, makeTokenKey } from '../../support/jwt-maker.ts'

const NOW = 1_795_230_000
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const one = makeTokenKey('ES256', 'one')
const two = makeTokenKey('ES256', 'two')
const token = makeToken(one, kubernetesClaims(NOW))
const bearer: Evidence = { bearer: token }

function open(options = attestationOptions({ jwt: [inlineRule([one])] })) {
  const clock = new FakeClock(NOW * 1000)
  return { clock, options, ...testAttestation(options, clock) }
}

test('attest: a token that was verified is known at once, by the same caller', async () => {
  const { attestation } = open()
  const first = await attestation.attest(bearer)
  const again = attestation.attest({ bearer: `${token}` })
  assert.ok(!(again instanceof Promise))
  assert.equal(again, first)
  assert.deepEqual(first.subject, 'https://kubernetes.default.svc.cluster.local system:serviceaccount:default:web')
})

test('attest: a token that is known expires and begins all the same', async () => {
  const { attestation, clock } = open()
  await attestation.attest(bearer)
  clock.advance((3600 + 59) * 1000)
  await attestation.attest(bearer)
  clock.advance(1000)
  assert.throws(() => attestation.attest(bearer), { code: 'auth.token_expired' })
  clock.advance(-7300 * 1000)
  assert.throws(() => attestation.attest(bearer), { code: 'auth.token_not_yet_valid' })
})

test('attest: hostile 103: a token is judged by the wall clock, also one that is known', async () => {
  const { attestation, clock } = open()
  await attestation.attest(bearer)
  clock.set(-86_400_000)
  assert.throws(() => attestation.attest(bearer), { code: 'auth.token_not_yet_valid' })
  clock.set(2 * 86_400_000)
  assert.throws(() => attestation.attest(bearer), { code: 'auth.token_expired' })
  clock.set(-86_400_000)
  await attestation.attest(bearer)
})

test('attest: a single-use token is never answered without its spend', async () => {
  const { attestation } = open(attestationOptions({ jwt: [inlineRule([one], { singleUse: true })] }))
  for (let i = 0; i < 3; i++) assert.equal((await attestation.attest(bearer)).spend?.kind, 'jwt')
})

test('attest: a reload takes keys, issuers and switches out of force, also for tokens that are known', async () => {
  const { attestation, options } = open()
  await attestation.attest(bearer)
  attestation.reload(attestationOptions({ jwt: [inlineRule([two])] }))
  await assert.rejects(async () => attestation.attest(bearer), { code: 'auth.signature_invalid' })
  attestation.reload(attestationOptions())
  await assert.rejects(async () => attestation.attest(bearer), { code: 'auth.issuer_unknown' })
  attestation.reload(options)
  assert.equal((await attestation.attest(bearer)).identity.uri, WEB)
  attestation.close()
})

test('attest: a reload with problems names each by its path and leaves everything in force', async () => {
  const { attestation } = open()
  const wrong = attestationOptions({
    jwt: [
      inlineRule([one], { identity: 'spiffe://other.example/{claims.sub}', audiences: [] }),
      inlineRule([], { jwks: { uri: 'http://issuer.example/keys' } }),
      inlineRule([], { issuer: 'ftp://issuer.example', jwks: { discovery: true } }),
      inlineRule([], { issuer: 'https://empty.example' }),
    ],
    impersonation: [
      {
        caller: 'ztunnel',
        identities: [
          '*',
          'spiffe://*/ns/a',
          'spiffe://cluster.local/ns*',
          'spiffe://evil.example/*',
          'spiffe://cluster.local/*',
        ],
      },
    ],
    admins: [
      { identity: 'spiffe://evil.example/root', role: 'admin' },
      { identity: 'root', role: 'admin' },
    ],
  })
  assert.throws(
    () => attestation.reload(wrong),
    (error) => {
      assert.ok(error instanceof AttestationOptionsError)
      assert.deepEqual(error.problems.map(({ path }) => path).sort(), [
        'admins[0].identity',
        'admins[1].identity',
        'attestation.jwt[0].audiences',
        'attestation.jwt[0].identity',
        'attestation.jwt[1].issuer',
        'attestation.jwt[1].jwks',
        'attestation.jwt[2].issuer',
        'attestation.jwt[3].jwks',
        'impersonation[0].caller',
        'impersonation[0].identities[0]',
        'impersonation[0].identities[1]',
        'impersonation[0].identities[2]',
        'impersonation[0].identities[3]',
      ])
      return true
    },
  )
  assert.equal((await attestation.attest(bearer)).identity.uri, WEB)
})

test('attest: what is switched off is no proof', async () => {
  const off = attestationOptions()
  const { attestation } = open({
    ...off,
    attestation: {
      jwt: [],
      clientCertificate: { enabled: false, foreign: [] },
      joinToken: { enabled: false, maxTtl: 60 },
    },
  })
  await assert.rejects(async () => attestation.attest({ clientCertificate: Buffer.alloc(0) }), { code: 'auth.missing' })
  const joinToken = `alcz_${'A'.repeat(43)}`
  await assert.rejects(async () => attestation.attest({ joinToken }), { code: 'auth.token_unknown' })
})

test('hostile 72: a denied identity acts for nobody, whatever it was attested by', async () => {
  const ZTUNNEL = 'spiffe://cluster.local/ns/default/sa/ztunnel'
  const impersonation = [{ caller: WEB, identities: [ZTUNNEL] }]
  const options = attestationOptions({ jwt: [inlineRule([one])], impersonation })
  let denied = ''
  const ports = { denied: { has: (kind: string, value: string) => kind === 'identity' && value === denied } }
  const { attestation } = testAttestation(options, new FakeClock(NOW * 1000), ports)
  const evidence: Evidence = { ...bearer, impersonate: ZTUNNEL }
  assert.equal((await attestation.attest(evidence)).identity.uri, ZTUNNEL)
  denied = WEB
  await assert.rejects(async () => attestation.attest(evidence), { code: 'issue.denied' })
  await assert.rejects(async () => attestation.attest(bearer), { code: 'issue.denied' }) // nor does it administer
})

for (const identities of [['spiffe://cluster.local/ns/default/*'], ['spiffe://cluster.local/ns/default/sa/boss']]) {
  test(`hostile 75: ${identities[0]} grants nothing for who administers`, async () => {
    const boss = 'spiffe://cluster.local/ns/default/sa/boss'
    const admins = [{ identity: boss, role: 'viewer' as const }]
    const impersonation = [{ caller: WEB, identities }]
    const { attestation } = open(attestationOptions({ jwt: [inlineRule([one])], impersonation, admins }))
    const asked = async () => attestation.attest({ ...bearer, impersonate: boss })
    await assert.rejects(asked, { code: 'auth.impersonation_denied' })
  })
}

test('attest: the local administrator is the trust domain itself, whatever else is presented', async () => {
  const { attestation } = open()
  const caller = await attestation.attest({ localAdmin: true, bearer: 'nonsense' })
  assert.equal(caller.identity.uri, 'spiffe://cluster.local')
  assert.equal(caller.attestor, 'admin')
  assert.equal(attestation.roleOf(caller), 'admin')
})

const ranks: readonly (readonly [Role | null, Role, boolean])[] = [
  [null, 'viewer', false],
  ['viewer', 'viewer', true],
  ['viewer', 'operator', false],
  ['operator', 'viewer', true],
  ['operator', 'admin', false],
  ['admin', 'operator', true],
  ['admin', 'admin', true],
]
for (const [role, minimum, want] of ranks) {
  test(`roles: ${role ?? 'none'} is ${want ? '' : 'not '}enough for ${minimum}`, async () => {
    const admins = role === null ? [] : [{ identity: WEB, role }]
    const { attestation } = open(attestationOptions({ jwt: [inlineRule([one])], admins }))
    const caller = await attestation.attest(bearer)
    assert.equal(attestation.roleOf(caller), role)
    const ask = () => attestation.requireRole(caller, minimum)
    if (want) assert.doesNotThrow(ask)
    else assert.throws(ask, { code: 'auth.forbidden', wanted: minimum })
  })
}

test('roles: a proof that is counted gives none, as only issuing counts it', async () => {
  const admins = [{ identity: WEB, role: 'admin' as const }]
  const { attestation, joinTokens } = open(attestationOptions({ admins }))
  const { token: joinToken } = await joinTokens.create({ identity: WEB }, 'local')
  assert.equal(attestation.roleOf(await attestation.attest({ joinToken })), null)
})
