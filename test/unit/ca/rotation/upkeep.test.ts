import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { type Log, silentLog } from '../../../../src/kernel/log.ts'
import {
  DAY,
  newRotationWorld,
  RETENTION,
  type RotationWorld,
  SKEW,
  startWorld,
} from '../../../support/rotation-world.ts'

const NOTE = { actor: 'somebody', reason: 'a test' }
const UNFORCED = { ...NOTE, isForced: false }

async function start(change: Parameters<typeof newRotationWorld>[0] = {}) {
  const events: string[] = []
  const note = (event: string) => void events.push(event)
  const log: Log = { ...silentLog, info: note, warn: note, error: note }
  const world = newRotationWorld(change, log)
  const running = await startWorld(world)
  await running.loop.tick()
  return { ...running, world, events }
}

/** Replaces the root; certificates of the old one, which drains, are waited for by nobody. */
async function replaceRoot({ rotator, authorities }: Awaited<ReturnType<typeof start>>): Promise<readonly Authority[]> {
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  await rotator.activate({ id, ...UNFORCED })
  return authorities.list().filter(({ state }) => state === 'draining')
}

async function keysOf({ keys }: RotationWorld, authorities: readonly Authority[]): Promise<readonly boolean[]> {
  return Promise.all(authorities.map(({ id }) => keys.has(id)))
}

test('the keys of authorities that drain stay; those of retired ones are destroyed', async () => {
  const started = await start()
  const old = await replaceRoot(started)
  assert.equal(old.length, 2)
  await started.upkeep.run()
  assert.deepEqual(await keysOf(started.world, old), [true, true])
  await started.loop.tick() // nothing descends from them: they retire
  assert.deepEqual(await keysOf(started.world, old), [false, false])
  assert.equal(started.events.filter((event) => event === 'authority.key_destroyed').length, 2)
  const trusted = started.authorities.list().filter(({ state }) => state === 'active')
  assert.deepEqual(await keysOf(started.world, trusted), [true, true, true])
})

test('a root that was aborted or revoked loses its key', async () => {
  const started = await start()
  for (const verb of ['abort', 'revoke'] as const) {
    const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
    assert.equal(await started.world.keys.has(id), true)
    await started.rotator[verb]({ id, ...UNFORCED })
    await started.upkeep.run()
    assert.equal(await started.world.keys.has(id), false, verb)
  }
})

test('a change that was not stored destroys nothing', async () => {
  const started = await start()
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  started.world.store.failNext = 'before'
  await assert.rejects(started.rotator.revoke({ id, ...UNFORCED }))
  await started.upkeep.run()
  await started.loop.tick()
  assert.equal(await started.world.keys.has(id), true)
})

test('killed between the retirement and the end of its key: the next start goes on', async () => {
  const { rotator, world } = await start()
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  await rotator.abort({ id, ...NOTE })
  assert.equal(await world.keys.has(id), true)
  const again = await startWorld(world)
  await again.loop.tick()
  assert.equal(await world.keys.has(id), false)
})

test('a key that cannot be destroyed is told of once and tried again; until then its authority is not forgotten', async () => {
  const started = await start({ jwtTtl: 20 * DAY, intermediateTtl: 9 * DAY })
  const { world, events, upkeep, rotator, authorities } = started
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  await rotator.abort({ id, ...NOTE })
  const { discard } = world.keys
  Object.assign(world.keys, { discard: async () => assert.fail('the disk is read-only') })
  for (let i = 0; i < 3; i++) {
    await upkeep.run()
    world.clock.move((10 * DAY + RETENTION + SKEW + 1) * 1000)
  }
  assert.equal(events.filter((event) => event === 'authority.key_not_destroyed').length, 1)
  assert.ok(authorities.list().some((one) => one.id === id))
  Object.assign(world.keys, { discard })
  await upkeep.run()
  assert.equal(await world.keys.has(id), false)
  assert.ok(authorities.list().every((one) => one.id !== id))
})

test('while a backup reads, no key is destroyed', async () => {
  const started = await start()
  const old = await replaceRoot(started)
  const release = started.upkeep.hold()
  await started.loop.tick()
  assert.deepEqual(await keysOf(started.world, old), [true, true])
  release()
  release() // once is enough
  await started.loop.tick()
  assert.deepEqual(await keysOf(started.world, old), [false, false])
})

test('what has long expired is forgotten, in memory and in the store, in one change of its own', async () => {
  const started = await start()
  const { world, loop, authorities } = started
  const first = authorities.list().map(({ id }) => id)
  const { id } = await started.rotator.rotate({ kind: 'root', ...NOTE })
  await loop.tick()
  for (let day = 0; day < 13; day++) {
    world.clock.move(DAY * 1000)
    await loop.tick()
  }
  const known = new Set(authorities.list().map((one) => one.id))
  assert.ok(
    first.every((one) => !known.has(one)),
    'the first ones are gone',
  )
  assert.deepEqual(world.store.authorities.map((one) => one.id).sort(), [...known].sort())
  assert.ok(authorities.list().length < 12, `${authorities.list().length} authorities are left`)
  assert.ok(world.store.changes.some(({ action, reason }) => action === 'authority.forget' && reason === 'retention'))
  assert.ok(
    authorities.view().rotations.some((one) => one.id === id),
    'its new root is there still',
  )
  assert.deepEqual((await startWorld(world)).authorities.list(), authorities.list())
})

test('by a clock that is doubted nothing is forgotten', async () => {
  let until: number | null = null
  const started = await start({ doubtedUntil: () => until })
  const { id } = await started.rotator.prepare({ kind: 'jwt', ...NOTE })
  await started.rotator.abort({ id, ...NOTE })
  started.world.clock.move(30 * DAY * 1000)
  until = started.world.clock.now() + 3_600_000
  await started.upkeep.run()
  assert.ok(started.authorities.list().some((one) => one.id === id))
  until = null
  started.world.clock.move(60_000)
  await started.upkeep.run()
  assert.ok(started.authorities.list().every((one) => one.id !== id))
})
