import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Authorship, MAX_RESOURCES, planApply, planDelete } from '../../../src/mesh/apply-resources.ts'
import { withChange } from '../../../src/mesh/change-snapshot.ts'
import type { Resource } from '../../../src/mesh/resource.ts'
import { emptySet, keyOf, type ResourceSet } from '../../../src/mesh/snapshot.ts'
import { aPolicy, CREATED } from '../../support/resources.ts'

const DIRECTORY = '/etc/policies'
const local: Authorship = { actor: 'local', now: Date.parse(CREATED), owner: null, watched: new Set([DIRECTORY]) }
const directory: Authorship = { ...local, actor: 'directory', owner: DIRECTORY }

function apply(set: ResourceSet, resources: readonly Resource[], by: Authorship = local): ResourceSet {
  const { change } = planApply(set, resources, by)
  return change === null ? set : withChange(set, change)
}

function created(resource: Resource, creationTimestamp: string): Resource {
  return { ...resource, metadata: { ...resource.metadata, creationTimestamp } }
}

const stored = apply(emptySet(0), [aPolicy('a'), aPolicy('b')])

describe('apply', () => {
  test('says of each what changes, and takes one version for all', () => {
    const given = [aPolicy('a'), aPolicy('b', 'shop', '/other'), aPolicy('c')]
    const { changes, change } = planApply(stored, given, local)
    assert.deepEqual(changes, ['unchanged', 'updated', 'created'])
    assert.equal(change?.version, 2)
    assert.deepEqual(
      change?.put.map(({ resource, version }) => [resource.metadata.name, version]),
      [
        ['b', 2],
        ['c', 2],
      ],
    )
  })

  test('records who changed what into what', () => {
    const { change } = planApply(stored, [aPolicy('b', 'shop', '/other'), aPolicy('c')], { ...local, actor: 'anna' })
    const common = { at: local.now, actor: 'anna' }
    const c = created(aPolicy('c'), CREATED)
    const path = 'spec.rules[0].to[0].operation.paths[0]'
    assert.deepEqual(change?.records, [
      {
        ...common,
        action: 'resource.update',
        target: 'AuthorizationPolicy/shop/b',
        detail: { version: 2, diff: JSON.stringify([{ path, from: '/a', to: '/other' }]) },
      },
      {
        ...common,
        action: 'resource.create',
        target: 'AuthorizationPolicy/shop/c',
        detail: { version: 2, diff: JSON.stringify([{ path: '', to: c }]) },
      },
    ])
  })

  test('that changes nothing takes no version', () => {
    assert.equal(planApply(stored, [aPolicy('a'), aPolicy('b')], local).change, null)
  })

  test('an object is as old as it was at first', () => {
    const old = '2020-01-01T00:00:00Z'
    const set = apply(stored, [created(aPolicy('c'), old), aPolicy('d')])
    const timeOf = (of: ResourceSet, name: string) =>
      of.namespaces.get('shop')?.stored.get(`AuthorizationPolicy/${name}`)?.resource.metadata.creationTimestamp
    assert.deepEqual([timeOf(set, 'c'), timeOf(set, 'd')], [old, CREATED])
    const later = { ...local, now: local.now + 60_000 }
    const updated = apply(set, [aPolicy('c', 'shop', '/x'), created(aPolicy('d', 'shop', '/x'), old)], later)
    assert.deepEqual([timeOf(updated, 'c'), timeOf(updated, 'd')], [old, CREATED])
    assert.deepEqual(planApply(set, [created(aPolicy('d'), old)], later).changes, ['unchanged'])
  })

  test('hostile 102: a million objects are refused', () => {
    const full: ResourceSet = { ...stored, size: MAX_RESOURCES }
    assert.throws(() => planApply(full, [aPolicy('c')], local), { code: 'limit.size' })
    assert.equal(planApply(full, [aPolicy('b', 'shop', '/other')], local).changes[0], 'updated')
  })
})

describe('a watched directory', () => {
  const watched = apply(stored, [aPolicy('x'), aPolicy('y')], directory)

  test('is the whole of what it owns', () => {
    const set = apply(watched, [aPolicy('y')], directory)
    const names = [...(set.namespaces.get('shop')?.stored.keys() ?? [])]
    assert.deepEqual(names, ['AuthorizationPolicy/a', 'AuthorizationPolicy/b', 'AuthorizationPolicy/y'])
    const { change } = planApply(watched, [aPolicy('y')], directory)
    assert.deepEqual(change?.records[0]?.action, 'resource.delete')
  })

  test('owns what nobody else changes', () => {
    const refused = { code: 'resource.conflict' }
    assert.throws(() => planApply(watched, [aPolicy('x', 'shop', '/other')], local), refused)
    assert.throws(() => planDelete(watched, keyOf(aPolicy('x')), local), refused)
    const other = { ...directory, owner: '/other', watched: new Set([DIRECTORY, '/other']) }
    assert.throws(() => planApply(watched, [aPolicy('x')], other), refused)
    assert.deepEqual(planApply(watched, [aPolicy('x')], local).changes, ['unchanged'])
  })

  test('takes over what somebody had applied', () => {
    assert.deepEqual(planApply(stored, [aPolicy('a')], directory).changes, ['updated'])
    const set = apply(stored, [aPolicy('a')], directory)
    assert.equal(planApply(set, [], directory).change?.remove.length, 1)
  })

  test('that is no longer watched leaves what it brought to everybody', () => {
    const alone = { ...local, watched: new Set<string>() }
    assert.deepEqual(planApply(watched, [aPolicy('x', 'shop', '/other')], alone).changes, ['updated'])
    assert.equal(planDelete(watched, keyOf(aPolicy('x')), alone).remove.length, 1)
  })
})

describe('delete', () => {
  test('removes one and records it', () => {
    const change = planDelete(stored, keyOf(aPolicy('a')), local)
    assert.deepEqual([change.version, change.remove], [2, [keyOf(aPolicy('a'))]])
    assert.deepEqual(change.records[0]?.action, 'resource.delete')
    assert.equal(withChange(stored, change).size, 1)
  })

  test('hostile 102: a name that is a path or holds a line is not there, and forges nothing', () => {
    const key = { kind: 'AuthorizationPolicy', namespace: '..', name: 'a\r\nb\u001b[31m' } as const
    assert.throws(() => planDelete(stored, key, local), {
      code: 'resource.not_found',
      message: /`\.\.\/a\?\?b\?\[31m`$/,
    })
  })
})
