import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withChange } from '../../../src/mesh/change-snapshot.ts'
import type { Resource, WorkloadEntry } from '../../../src/mesh/resource.ts'
import {
  countKinds,
  emptySet,
  findResource,
  keyOf,
  policiesIn,
  type ResourceSet,
  workloadNamed,
  workloadsAt,
  workloadsOfAccount,
} from '../../../src/mesh/snapshot.ts'
import fc from '../../support/fast-check.ts'
import { aPeerAuthentication, aPolicy, aWorkload } from '../../support/resources.ts'

function put(set: ResourceSet, ...resources: readonly Resource[]): ResourceSet {
  const version = set.version + 1
  const stored = resources.map((resource) => ({ resource, version, owner: null }))
  return withChange(set, { version, put: stored, remove: [] })
}

function remove(set: ResourceSet, ...resources: readonly Resource[]): ResourceSet {
  return withChange(set, { version: set.version + 1, put: [], remove: resources.map(keyOf) })
}

const names = (entries: readonly (Resource | null)[]) => entries.map((entry) => entry?.metadata.name)

test('policies of a namespace come by kind and name, with the version that brought each', () => {
  const first = put(emptySet(4), aPolicy('b'), aPeerAuthentication('a'))
  const set = put(first, aPolicy('a'), aPolicy('z', 'other'))
  assert.deepEqual([set.version, set.size], [6, 4])
  assert.deepEqual(names(policiesIn(set, 'shop')), ['a', 'b', 'a'])
  assert.deepEqual(policiesIn(set, 'nowhere'), [])
  assert.equal(findResource(set, keyOf(aPolicy('b')))?.version, 5)
  assert.equal(findResource(set, keyOf(aPolicy('a')))?.version, 6)
  assert.equal(findResource(first, keyOf(aPolicy('a'))), null)
  assert.deepEqual([...countKinds(set).values()], [3, 1, 0, 0])
})

test('what a change does not touch stays the same object', () => {
  const before = put(emptySet(0), aPolicy('a'), aPolicy('a', 'other'), aWorkload('w', { address: '10.0.0.1' }, 'other'))
  const after = put(before, aPolicy('b'))
  assert.equal(after.namespaces.get('other'), before.namespaces.get('other'))
  assert.equal(after.byAddress, before.byAddress)
  const withWorkload = put(after, aWorkload('v', { address: '10.0.0.2' }))
  assert.equal(policiesIn(withWorkload, 'shop'), policiesIn(after, 'shop'))
})

test('a namespace that holds nothing any more is gone', () => {
  const set = remove(put(emptySet(0), aPolicy('a')), aPolicy('a'))
  assert.deepEqual([set.size, set.namespaces.size], [0, 0])
})

test('workloads are found by name, service account and address', () => {
  const web = aWorkload('web', { address: '10.0.0.1', serviceAccount: 'web' })
  const twin = aWorkload('twin', { address: '10.0.0.1', serviceAccount: 'web' })
  const far = aWorkload('far', { address: '2001:DB8:0::1', serviceAccount: 'web' }, 'other')
  const host = aWorkload('host', { address: 'Db.Example.COM' })
  const set = put(emptySet(0), web, twin, far, host)
  assert.equal(workloadNamed(set, 'shop', 'web'), web)
  assert.equal(workloadNamed(set, 'other', 'web'), null)
  assert.deepEqual(names(workloadsOfAccount(set, 'shop', 'web')), ['twin', 'web'])
  assert.deepEqual(workloadsOfAccount(set, 'shop', ''), [])
  assert.deepEqual(names(workloadsAt(set, '::ffff:10.0.0.1')), ['web', 'twin'])
  assert.deepEqual(names(workloadsAt(set, '2001:db8::0:1')), ['far'])
  assert.deepEqual(names(workloadsAt(set, 'db.example.com')), ['host'])
  const moved = put(set, aWorkload('web', { address: '10.0.0.9' }))
  assert.deepEqual(names(workloadsAt(moved, '10.0.0.1')), ['twin'])
  assert.deepEqual(names(workloadsAt(moved, '10.0.0.9')), ['web'])
  assert.deepEqual(names(workloadsOfAccount(moved, 'shop', 'web')), ['twin'])
  assert.deepEqual(workloadsAt(remove(moved, web), '10.0.0.9'), [])
})

test('step by step or at once: every index holds the same', () => {
  const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '::1', '')
  const entry = fc
    .record({ name: fc.constantFrom('a', 'b', 'c'), address, account: fc.constantFrom('', 'x', 'y') })
    .map(({ name, account, ...spec }): WorkloadEntry => aWorkload(name, { ...spec, serviceAccount: account }))
  fc.assert(
    fc.property(fc.array(fc.oneof(entry, fc.constantFrom('a', 'b', 'c'))), (steps) => {
      let set = emptySet(0)
      const model = new Map<string, WorkloadEntry>()
      for (const step of steps) {
        if (typeof step === 'string') {
          set = remove(set, aWorkload(step, {}))
          model.delete(step)
        } else {
          set = put(set, step)
          model.set(step.metadata.name, step)
        }
      }
      const whole = put(emptySet(0), ...model.values())
      assert.equal(set.size, model.size)
      assert.deepEqual(sorted(set.byAddress), sorted(whole.byAddress))
      assert.deepEqual(set.namespaces.get('shop')?.byAccount, whole.namespaces.get('shop')?.byAccount)
    }),
  )
})

function sorted(index: ReadonlyMap<string, readonly WorkloadEntry[]>) {
  return [...index].map(([key, entries]) => [key, names(entries).toSorted()] as const).toSorted()
}
