import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planApply, planDelete } from '../../../src/mesh/apply-resources.ts'
import { withChange } from '../../../src/mesh/change-snapshot.ts'
import { loadSet } from '../../../src/mesh/load-set.ts'
import { emptySet, keyOf } from '../../../src/mesh/snapshot.ts'
import { aPeerAuthentication, aPolicy, aWorkload } from '../../support/resources.ts'
import { NOW, testStore } from '../../support/store.ts'

const by = { actor: 'local', now: NOW, owner: null, watched: new Set<string>() }
const labelled = aPolicy('labelled')
const RESOURCES = [
  aPolicy('a'),
  aPeerAuthentication('a'),
  aWorkload('w', { address: '10.0.0.1', ports: { http: 80 }, labels: { app: 'w' } }),
  { ...labelled, metadata: { ...labelled.metadata, labels: { x: 'y' }, annotations: { note: 'ä\u0000"' } } },
]

test('resources and their version come back as they were stored, with their records', async (t) => {
  const { store, file } = await testStore(t)
  const empty = await loadSet(store)
  assert.deepEqual(empty, emptySet(0))
  const { change } = planApply(empty, RESOURCES, by)
  assert.ok(change !== null)
  await store.saveResources(change)
  const first = withChange(empty, change)
  const second = planApply(first, [aPolicy('a', 'shop', '/other')], { ...by, owner: '/policies' }).change
  assert.ok(second !== null)
  await store.saveResources(second)
  const third = planDelete(withChange(first, second), keyOf(aPeerAuthentication('a')), by)
  await store.saveResources(third)
  const set = withChange(withChange(first, second), third)
  await store.close()
  const again = (await testStore(t, { file })).store
  assert.deepEqual(await loadSet(again), set)
  const actions = (await again.listAdminActions({ limit: 10 })).items.map(({ action, target }) => [action, target])
  assert.deepEqual(actions, [
    ['resource.delete', 'PeerAuthentication/shop/a'],
    ['resource.update', 'AuthorizationPolicy/shop/a'],
    ...RESOURCES.map(({ kind, metadata }) => ['resource.create', `${kind}/shop/${metadata.name}`]).toReversed(),
  ])
})

test('a change of another version than the next stores nothing', async (t) => {
  const { store } = await testStore(t)
  const { change } = planApply(emptySet(1), RESOURCES, by)
  assert.ok(change !== null)
  await assert.rejects(store.saveResources(change), { code: 'resource.conflict' })
  assert.deepEqual(await loadSet(store), emptySet(0))
  assert.deepEqual((await store.listAdminActions({ limit: 10 })).items, [])
})

test('more than a page is read whole', async (t) => {
  const { store } = await testStore(t)
  const many = Array.from({ length: 1201 }, (_, i) => aPolicy(`p${i}`, `ns${i % 7}`))
  const { change } = planApply(emptySet(0), many, by)
  assert.ok(change !== null)
  await store.saveResources(change)
  assert.deepEqual(await loadSet(store), withChange(emptySet(0), change))
})
