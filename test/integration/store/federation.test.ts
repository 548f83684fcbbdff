import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredRelationship } from '../../../src/ca/federation/relationship.ts'
import { NOW, testStore } from '../../support/store.ts'

function aRelationship(change: Partial<StoredRelationship> = {}): StoredRelationship {
  return {
    trustDomain: 'partner.example',
    url: 'https://partner.example/',
    profile: 'https_spiffe',
    endpointSpiffeId: 'spiffe://partner.example/spire/server',
    allowPrivateAddress: false,
    addedAt: NOW,
    addedBy: 'local',
    bundle: null,
    ...change,
  }
}

test('relationships and their bundles survive a restart', async (t) => {
  const { store, file } = await testStore(t)
  const first = aRelationship()
  const bundle = { document: '{"keys":[]}', fetchedAt: NOW }
  const second = aRelationship({ trustDomain: 'web.example', profile: 'https_web', endpointSpiffeId: null, bundle })
  await store.addRelationship(second)
  await store.addRelationship(first)
  const newer = { document: '{"keys":[],"spiffe_sequence":2}', fetchedAt: NOW + 1 }
  assert.equal(await store.saveForeignBundle({ trustDomain: first.trustDomain, addedAt: NOW, ...newer }), true)
  await store.close()
  const again = (await testStore(t, { file })).store
  assert.deepEqual(await again.loadFederation(), [{ ...first, bundle: newer }, second])
})

test('one relationship for a trust domain; a bundle of an earlier one is not kept', async (t) => {
  const { store } = await testStore(t)
  await store.addRelationship(aRelationship())
  await assert.rejects(store.addRelationship(aRelationship()), { code: 'resource.conflict' })
  const removal = { trustDomain: 'partner.example', actor: 'local', at: NOW }
  assert.equal(await store.removeRelationship(removal), true)
  assert.equal(await store.removeRelationship(removal), false)
  await store.addRelationship(aRelationship({ addedAt: NOW + 1 }))
  const late = { trustDomain: 'partner.example', addedAt: NOW, document: '{"keys":[]}', fetchedAt: NOW }
  assert.equal(await store.saveForeignBundle(late), false)
  const { items } = await store.listAdminActions({ limit: 10 })
  assert.deepEqual(
    items.map(({ action, target }) => [action, target]),
    ['federation.add', 'federation.remove', 'federation.add'].map((action) => [action, 'partner.example']),
  )
})

test('there is room for 100', async (t) => {
  const { store } = await testStore(t)
  for (let i = 0; i < 100; i++) await store.addRelationship(aRelationship({ trustDomain: `td${i}` }))
  await assert.rejects(store.addRelationship(aRelationship()), { code: 'limit.size' })
})
