import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { MeshResources } from '../../../src/mesh/mesh-resources.ts'
import { keyOf, type ResourceSet } from '../../../src/mesh/snapshot.ts'
import { FakeClock, FakeResourceStore } from '../../support/fakes.ts'
import { aPolicy, CREATED } from '../../support/resources.ts'

const DOWN = new AppError('issue.not_recorded', 'the record is not available now: try again')
const DIRECTORY = '/etc/policies'

const given = (...values: readonly unknown[]) => values.map((value, index) => ({ index, value }))

async function open(options: { store?: FakeResourceStore; watched?: readonly string[] } = {}) {
  const store = options.store ?? new FakeResourceStore()
  const clock = new FakeClock(Date.parse(CREATED))
  const resources = new MeshResources({ store, clock, log: silentLog, watched: new Set(options.watched) })
  const seen: ResourceSet[] = []
  resources.subscribe((set) => seen.push(set))
  await resources.load()
  const apply = (...documents: readonly unknown[]) =>
    resources.apply({ documents: given(...documents), actor: 'local' })
  return { store, resources, seen, apply }
}

test('a set is in force when the answer comes, and whoever subscribed has it', async () => {
  const { resources, apply, seen } = await open()
  assert.equal(resources.current()?.version, 0)
  const { version } = await apply(aPolicy('a'))
  assert.equal(version, 1)
  assert.equal(resources.current(), seen.at(-1))
  assert.equal(resources.current()?.size, 1)
  await resources.delete({ key: keyOf(aPolicy('a')), actor: 'local' })
  assert.deepEqual(
    seen.map((set) => [set.version, set.size]),
    [
      [0, 0],
      [1, 1],
      [2, 0],
    ],
  )
})

test('hostile 99: a set that was taken stays as it is', async () => {
  const { resources, apply } = await open()
  const taken = resources.current()
  await apply(aPolicy('a'))
  assert.equal(taken?.size, 0)
})

test('changes at the same time go one after the other, and none is lost', async () => {
  const { apply, resources } = await open()
  const applied = await Promise.all(Array.from({ length: 20 }, (_, i) => apply(aPolicy(`p${i}`))))
  assert.deepEqual(
    applied.map(({ version }) => version).toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  assert.equal(resources.current()?.size, 20)
})

test('more changes than can be held are refused', async () => {
  const { apply } = await open()
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => apply(aPolicy(`p${i}`))))
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  assert.ok(refused.length > 0)
  for (const outcome of refused) assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'limit.queue')
  await apply(aPolicy('later'))
})

test('hostile 95: what is not valid leaves the old set', async () => {
  const { apply, resources, store } = await open()
  await apply(aPolicy('a'))
  const bad = { ...aPolicy('b'), spec: { rulez: [] } }
  await assert.rejects(apply(aPolicy('c'), bad, 'text', null), (error: AppError) => {
    assert.equal(error.code, 'resource.invalid')
    assert.deepEqual([...new Set(error.faults?.map(({ document }) => document))], [1, 2, 3])
    return true
  })
  assert.deepEqual([resources.current()?.version, store.changes.length], [1, 1])
})

describe('the store fails', () => {
  test('at the start: nothing to decide by, until it works', async () => {
    const store = new FakeResourceStore()
    store.failWith = DOWN
    const { resources, apply } = await open({ store })
    assert.equal(resources.current(), null)
    await assert.rejects(apply(aPolicy('a')), { code: 'decision.not_ready' })
    store.failWith = null
    await resources.load()
    assert.equal(resources.current()?.size, 0)
    resources.close()
  })

  test('at a change: the old set stays in force, and the next change builds on what is stored', async () => {
    const { resources, apply, store } = await open()
    await apply(aPolicy('a'))
    store.failWith = DOWN
    await assert.rejects(apply(aPolicy('b')), { code: 'issue.not_recorded' })
    assert.equal(resources.current()?.version, 1)
    store.failWith = null
    // The transaction had reached the disk although its answer was lost.
    const version = 2
    await store.saveResources({
      version,
      put: [{ resource: aPolicy('b'), version, owner: null }],
      remove: [],
      records: [],
    })
    assert.equal((await apply(aPolicy('c'))).version, 3)
    assert.equal(resources.current()?.size, 3)
    resources.close()
  })
})

describe('a watched directory', () => {
  test('is awaited before anything is decided', async () => {
    const { resources, apply, seen } = await open({ watched: [DIRECTORY] })
    await apply(aPolicy('mine'))
    assert.deepEqual([resources.current(), seen.length], [null, 0])
    await resources.apply({ documents: [], actor: 'directory', owner: DIRECTORY })
    assert.equal(resources.current()?.size, 1)
    assert.deepEqual(seen, [resources.current()])
  })

  test('that was read in an earlier life is not', async () => {
    const { store, resources } = await open({ watched: [DIRECTORY] })
    await resources.apply({ documents: given(aPolicy('a')), actor: 'directory', owner: DIRECTORY })
    assert.equal((await open({ store, watched: [DIRECTORY] })).resources.current()?.size, 1)
  })
})

test('a precondition is asked for the set that the change builds on', async () => {
  const { resources } = await open()
  const request = { documents: given(aPolicy('a')), actor: 'local' }
  const precondition = (set: ResourceSet) => set.version === 0
  await resources.apply({ ...request, precondition })
  const refused = { code: 'resource.conflict', isPrecondition: true }
  await assert.rejects(resources.apply({ ...request, precondition }), refused)
  await assert.rejects(resources.delete({ key: keyOf(aPolicy('a')), actor: 'local', precondition }), refused)
})
