import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { NewKeys } from '../../../../src/ca/rotation/new-keys.ts'
import { type Log, silentLog } from '../../../../src/kernel/log.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { authority } from '../../../support/rotation-view.ts'
import { newRotationWorld, startWorld } from '../../../support/rotation-world.ts'

const NOTE = { actor: 'somebody', reason: 'a test' }

function open(keys: KeyProvider = memoryKeys()) {
  const events: string[] = []
  const note = (event: string) => void events.push(event)
  const log: Log = { ...silentLog, info: note, warn: note }
  return { keys, made: new NewKeys(keys, log), events }
}

test('new keys: one that came to no use is discarded, one that is stored never', async () => {
  const { keys, made, events } = open()
  const [used, unused] = [await made.create('ec-p256'), await made.create('ec-p256')]
  await made.discardUnused([authority('r1', { id: used.id })])
  await made.discardUnused([]) // stored once is not ours to discard, whatever becomes of the record
  assert.deepEqual([await keys.has(used.id), await keys.has(unused.id)], [true, false])
  assert.deepEqual(events, ['authority.key_discarded'])
})

test('new keys: what was there before, or was made elsewhere, stays', async () => {
  const { keys, made } = open()
  const { id } = await keys.create('ec-p256')
  await made.discardUnused([])
  assert.equal(await keys.has(id), true)
})

test('new keys: what cannot be discarded is told, and tried again', async () => {
  const inner = memoryKeys()
  let isBroken = true
  const discard = async (id: string) => {
    if (isBroken) throw new Error('the disk is read-only')
    await inner.discard(id)
  }
  const { made, events } = open({ ...inner, discard })
  const { id } = await made.create('ec-p256')
  await made.discardUnused([])
  isBroken = false
  await made.discardUnused([])
  assert.equal(await inner.has(id), false)
  assert.deepEqual(events, ['authority.key_not_discarded', 'authority.key_discarded'])
})

for (const [how, want] of [
  ['before', 'gone'],
  ['after', 'kept'],
] as const) {
  test(`a change whose storing fails ${how} it is done: its key is ${want}`, async () => {
    const world = newRotationWorld()
    const { rotator, loop, authorities } = await startWorld(world)
    await loop.tick()
    const ids: string[] = []
    const { create } = world.keys
    Object.assign(world.keys, {
      create: async (keyType: 'ec-p256') => {
        const made = await create(keyType)
        ids.push(made.id)
        return made
      },
    })
    world.store.failNext = how
    await assert.rejects(rotator.prepare({ kind: 'root', ...NOTE }))
    await loop.tick()
    const [id = ''] = ids
    assert.equal(ids.length, 1)
    assert.equal(await world.keys.has(id), want === 'kept')
    assert.equal(
      authorities.list().some((one) => one.id === id),
      want === 'kept',
    )
  })
}
