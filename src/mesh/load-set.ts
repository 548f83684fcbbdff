import { setImmediate as nextTurn } from 'node:timers/promises'
import { withChange } from './change-snapshot.ts'
import type { ResourceStore, StoredResource } from './resource-store.ts'
import { emptySet, type ResourceSet } from './snapshot.ts'

/** Reads everything that is stored, page by page. */
export async function loadSet(store: ResourceStore): Promise<ResourceSet> {
  const put: StoredResource[] = []
  let page = await store.loadResources(0)
  put.push(...page.items)
  while (page.next !== null) {
    await nextTurn()
    page = await store.loadResources(page.next)
    put.push(...page.items)
  }
  return withChange(emptySet(0), { version: page.version, put, remove: [] })
}
