import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withChange } from '../../../src/mesh/change-snapshot.ts'
import { listResources } from '../../../src/mesh/list-resources.ts'
import { toKeyText } from '../../../src/mesh/resource.ts'
import { emptySet, keyOf } from '../../../src/mesh/snapshot.ts'
import fc from '../../support/fast-check.ts'
import { aPeerAuthentication, aPolicy, aWorkload } from '../../support/resources.ts'

const resources = ['a', 'a-b', 'b', 'shop', 'shop.x'].flatMap((namespace) => [
  ...['a', 'a.b', 'b'].map((name) => aPolicy(name, namespace)),
  aPeerAuthentication('a', namespace),
  aWorkload('a', {}, namespace),
])
const put = resources.map((resource) => ({ resource, version: 1, owner: null }))
const set = withChange(emptySet(0), { version: 1, put, remove: [] })

test('pages of any size hold everything once, in order', () => {
  const all = listResources(set, { limit: 1000 }).items
  assert.equal(all.length, resources.length)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: resources.length + 1 }), (limit) => {
      const found = []
      let after: string | null = null
      do {
        const page: ReturnType<typeof listResources> = listResources(set, {
          limit,
          ...(after === null ? {} : { after }),
        })
        assert.ok(page.items.length <= limit)
        found.push(...page.items)
        after = page.next
      } while (after !== null)
      assert.deepEqual(found, all)
    }),
  )
})

test('by kind and namespace', () => {
  const { items } = listResources(set, { limit: 10, kind: 'AuthorizationPolicy', namespace: 'shop' })
  assert.deepEqual(
    items.map((resource) => toKeyText(keyOf(resource))),
    ['a', 'a.b', 'b'].map((name) => `AuthorizationPolicy/shop/${name}`),
  )
  assert.deepEqual(listResources(set, { limit: 10, namespace: 'nowhere' }), { items: [], next: null })
})

for (const after of ['', 'x', 'YS9i', '../..', 'YQ==']) {
  test(`\`${after}\` is no cursor`, () => {
    assert.throws(() => listResources(set, { limit: 1, after }), { code: 'request.malformed' })
  })
}
