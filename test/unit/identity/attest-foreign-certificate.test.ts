import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ForeignTrust } from '../../../src/identity/attest-foreign-certificate.ts'
import type { AttestationPorts } from '../../../src/identity/compile-attestation.ts'
import { rememberChain } from '../../../src/identity/presented-chain.ts'
import { attestationOptions, testAttestation } from '../../support/attestation.ts'
import { FakeClock } from '../../support/fakes.ts'
import { foreignLeaf, newForeignAuthority, PARTNER } from '../../support/foreign-bundle.ts'
import { extendedKeyUsage, keyUsage, ODD_NOW } from '../../support/odd-certificate.ts'

const CA = newForeignAuthority('Partner CA')
const WEB = `spiffe://${PARTNER}/ns/shop/sa/web`
const FOREIGN = [{ trustDomain: PARTNER, identities: [`spiffe://${PARTNER}/ns/shop/*`, `spiffe://${PARTNER}/one`] }]

/** A bundle that vouches for everything in the partner's trust domain. */
class PartnerTrust implements ForeignTrust {
  version = 1
  until: number | null = ODD_NOW + 1000
  readonly presented: (readonly Buffer[])[] = []

  trustedUntil(trustDomain: string, _leaf: Buffer, presented: () => readonly Buffer[]): number | null {
    this.presented.push(presented())
    return trustDomain === PARTNER ? this.until : null
  }
}

function openWorld(foreign = FOREIGN, ports: Partial<AttestationPorts> = {}) {
  const trust = new PartnerTrust()
  const clock = new FakeClock(ODD_NOW * 1000)
  const plain = attestationOptions()
  const attestation = { ...plain.attestation, clientCertificate: { enabled: true, foreign } }
  const world = testAttestation({ ...plain, attestation }, clock, { foreign: trust, ...ports })
  const view = async (clientCertificate: Buffer) => world.attestation.attestViewer({ clientCertificate })
  return { ...world, trust, clock, view }
}

test('a foreign client may look and nothing more', async () => {
  const { attestation, view } = openWorld()
  const caller = await view(foreignLeaf(CA))
  assert.deepEqual([caller.identity.uri, caller.attestor], [WEB, 'client-certificate'])
  assert.equal(attestation.roleOf(caller), 'viewer')
  assert.throws(() => attestation.requireRole(caller, 'operator'), { code: 'auth.forbidden' })
})

test('where something is issued or decided it is nobody', () => {
  const { attestation } = openWorld()
  assert.throws(() => attestation.attest({ clientCertificate: foreignLeaf(CA) }), {
    code: 'auth.certificate_untrusted',
  })
})

const refused: readonly (readonly [string, Buffer, string])[] = [
  [
    'an identity that is not listed',
    foreignLeaf(CA, { uris: [`spiffe://${PARTNER}/ns/other/sa/web`] }),
    'auth.forbidden',
  ],
  [
    'an identity that only begins like a listed one',
    foreignLeaf(CA, { uris: [`spiffe://${PARTNER}/one/more`] }),
    'auth.forbidden',
  ],
  ['the trust domain itself', foreignLeaf(CA, { uris: [`spiffe://${PARTNER}`] }), 'auth.certificate_untrusted'],
  [
    'an identity of ours',
    foreignLeaf(CA, { uris: ['spiffe://cluster.local/ns/shop/sa/web'] }),
    'auth.certificate_untrusted',
  ],
  [
    'a trust domain that is not configured',
    foreignLeaf(CA, { uris: ['spiffe://third.example/ns/shop/sa/web'] }),
    'auth.certificate_untrusted',
  ],
  [
    'X-2: two identities',
    foreignLeaf(CA, { uris: [WEB, 'spiffe://cluster.local/ns/shop/sa/web'] }),
    'auth.certificate_untrusted',
  ],
  ['X-11: an authority', foreignLeaf(CA, { ca: true, uris: [WEB] }), 'auth.certificate_untrusted'],
  ['X-18: keyCertSign', foreignLeaf(CA, { keyUsage: keyUsage(0x84) }), 'auth.certificate_untrusted'],
  [
    'for servers alone',
    foreignLeaf(CA, { extendedKeyUsage: extendedKeyUsage('1.3.6.1.5.5.7.3.1') }),
    'auth.certificate_untrusted',
  ],
  ['expired', foreignLeaf(CA, { notAfter: ODD_NOW - 1 }), 'auth.certificate_expired'],
  ['not valid yet', foreignLeaf(CA, { notBefore: ODD_NOW + 1 }), 'auth.certificate_untrusted'],
]
for (const [title, leaf, code] of refused) {
  test(`refused: ${title}`, () => assert.rejects(openWorld().view(leaf), { code }))
}

test('X-22: what the bundle of its trust domain does not vouch for', async () => {
  const { trust, view } = openWorld()
  trust.until = null
  await assert.rejects(view(foreignLeaf(CA)), { code: 'auth.certificate_untrusted' })
})

test('the bundle is asked once for a connection, and again when it changed or the path ended', async () => {
  const { trust, view, clock } = openWorld()
  const leaf = foreignLeaf(CA)
  const chain = [Buffer.from('intermediate')]
  rememberChain(leaf, () => chain)
  await view(leaf)
  await view(leaf)
  assert.deepEqual(trust.presented, [chain])
  trust.version++
  await view(leaf)
  clock.advance(1_001_000)
  trust.until = null
  await assert.rejects(view(leaf), { code: 'auth.certificate_untrusted' })
  assert.equal(trust.presented.length, 3)
})

for (const [kind, value] of [
  ['identity', WEB],
  ['key', null],
] as const) {
  test(`the deny list has its ${kind}`, async () => {
    const denied = { has: (asked: string, found: string) => asked === kind && (value === null || value === found) }
    await assert.rejects(openWorld(FOREIGN, { denied }).view(foreignLeaf(CA)), { code: 'issue.denied' })
  })
}

for (const [title, entry, path] of [
  ['our own trust domain', { trustDomain: 'cluster.local', identities: ['spiffe://cluster.local/*'] }, '.trustDomain'],
  ['identities of another', { trustDomain: PARTNER, identities: ['spiffe://cluster.local/ns/*'] }, '.identities'],
  [
    'a trust domain that begins alike',
    { trustDomain: PARTNER, identities: [`spiffe://${PARTNER}.evil/ns/*`] },
    '.identities',
  ],
] as const) {
  test(`options with ${title} are refused`, () => {
    assert.throws(
      () => openWorld([{ ...entry, identities: [...entry.identities] }]),
      (error: { problems?: { path: string }[] }) =>
        error.problems?.[0]?.path === `attestation.clientCertificate.foreign[0]${path}`,
    )
  })
}
