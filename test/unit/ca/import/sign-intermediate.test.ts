import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { createRoot, type KeyedAuthority } from '../../../../src/ca/create-authority.ts'
import { issuerChainOf } from '../../../../src/ca/cross-chain.ts'
import { crossSign } from '../../../../src/ca/cross-sign.ts'
import { checkImport } from '../../../../src/ca/import/check-import.ts'
import { type SignedIntermediate, signIntermediate } from '../../../../src/ca/import/sign-intermediate.ts'
import { toAuthorities } from '../../../../src/ca/import/to-authorities.ts'
import { toMaterial } from '../../../../src/ca/import/upstream.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { buildCsr } from '../../../../src/pki/build-csr.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { FakeClock, FakeRecord } from '../../../support/fakes.ts'
import { NOW } from '../../../support/store.ts'

const random = (size: number) => randomBytes(size)
const PLAN = { trustDomain: 'cluster.local', keyType: 'ec-p256', ttlSeconds: 90 * 86_400, now: NOW } as const
const OPTIONS = {
  now: NOW / 1000,
  trustDomain: 'cluster.local',
  defaultTtlSeconds: 3600,
  ownNames: { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: [], ips: [] },
  trustedRoots: [],
}

let keys: KeyProvider
let older: KeyedAuthority
let root: KeyedAuthority
let cross: string

beforeEach(async () => {
  keys = memoryKeys()
  older = await createRoot({ keys, random }, { ...PLAN, state: 'active' })
  root = await createRoot({ keys, random }, { ...PLAN, state: 'active' })
  cross = await crossSign(root.authority, older.authority, { keys, random, now: NOW })
})

/** The answer for a new key, by a service with these authorities. */
async function signedBy(authorities: readonly Authority[]): Promise<SignedIntermediate> {
  const { signer } = await keys.create('ec-p256')
  const deps = {
    authorities: () => authorities,
    isRefusedKey: () => false,
    bundleSequence: () => 1,
    ...{ keys, random, record: new FakeRecord(), clock: new FakeClock(NOW) },
    trustDomain: 'cluster.local',
    ttlSeconds: 30 * 86_400,
  }
  return signIntermediate({ csr: await buildCsr(signer), actor: 'admin', peer: 'local' }, deps)
}

/** What the other service makes of it, where `known` are its authorities. */
function adopted({ chain, roots }: SignedIntermediate, known: readonly Authority[] = []): readonly Authority[] {
  const { imported, findings } = checkImport(toMaterial({ chain, roots }), OPTIONS)
  assert.ok(imported !== null, JSON.stringify(findings))
  return toAuthorities(imported, known, { now: NOW, isWhole: false }).authorities
}

const idsOf = (authorities: readonly Authority[]) => authorities.map(({ id, kind, state }) => [kind, state, id])

describe('an intermediate for another service', () => {
  for (const state of ['draining', 'prepared'] as const) {
    test(`comes with a ${state} root of ours, too: leaves below that are met there`, async () => {
      const signed = await signedBy([{ ...older.authority, state }, root.authority])
      assert.equal(signed.chain.length, 1)
      assert.deepEqual(signed.roots, [root.authority.certificate, older.authority.certificate])
      const trusted = adopted(signed).filter((one) => one.state === 'trusted')
      assert.deepEqual(idsOf(trusted), [['root', 'trusted', older.authority.id]])
    })
  }

  for (const state of ['tainted', 'retired', 'revoked', 'trusted'] as const) {
    test(`comes without a root that is ${state}`, async () => {
      const signed = await signedBy([{ ...older.authority, state }, root.authority])
      assert.deepEqual(signed.roots, [root.authority.certificate])
    })
  }

  const crossed = () => ({ ...root.authority, chain: [cross] })

  test('comes with the way to the older root, so that leaves of the other service are believed as ours are', async () => {
    const signed = await signedBy([{ ...older.authority, state: 'draining' }, crossed()])
    assert.deepEqual(signed.chain.slice(1), [cross])
    assert.deepEqual(signed.roots, [root.authority.certificate, older.authority.certificate])
    const authorities = adopted(signed)
    const [own, intermediate, other] = authorities
    assert.deepEqual(idsOf(authorities), [
      ['root', 'prepared', root.authority.id],
      ['intermediate', 'prepared', intermediate?.id],
      ['root', 'trusted', older.authority.id],
    ])
    assert.deepEqual(own?.chain, [cross])
    assert.ok(intermediate !== undefined && other !== undefined)
    const [first = '', second = '', ...more] = issuerChainOf(authorities, intermediate)
    assert.deepEqual(more, [])
    const [signer, between] = [first, second].map((pem) => new X509Certificate(pem))
    const top = new X509Certificate(other.certificate)
    assert.ok(between !== undefined && signer?.verify(between.publicKey) && between.verify(top.publicKey))
  })

  test('does so no more once the older root has left', async () => {
    const signed = await signedBy([{ ...older.authority, state: 'retired' }, crossed()])
    assert.equal(signed.chain.length, 1)
    assert.equal(signed.roots.length, 1)
  })

  test('is taken where the older root was given up already', async () => {
    const signed = await signedBy([{ ...older.authority, state: 'draining' }, crossed()])
    const before = { ...older.authority, state: 'retired' } as const
    const below = { ...root.authority, id: 'b'.repeat(40), kind: 'intermediate', issuer: before.id } as const
    const authorities = adopted(signed, [before, { ...below, state: 'retired' }, root.authority])
    assert.deepEqual(
      authorities.map(({ kind }) => kind),
      ['intermediate'],
    )
  })
})

test('a crossing that is not fit is left out with a warning', async () => {
  const signed = await signedBy([
    { ...older.authority, state: 'draining' },
    { ...root.authority, chain: [cross] },
  ])
  const later = { ...OPTIONS, now: new X509Certificate(cross).validFromDate.getTime() / 1000 - 60 }
  const { findings } = checkImport(toMaterial(signed), later)
  assert.ok(findings.some(({ file, level }) => file.startsWith('the chain') && level === 'warning'))
})
