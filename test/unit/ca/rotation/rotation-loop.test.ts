import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { HOUR_MS, issue, NOTE, one, start } from '../../../support/rotation-started.ts'
import { DAY, NOW, startWorld } from '../../../support/rotation-world.ts'

/** Keys of which that of the root is gone, or is there and of no use. */
function withoutRoot(keys: KeyProvider, root: Authority, isThere: boolean): KeyProvider {
  return {
    ...keys,
    has: async (id) => (id === root.id ? isThere : keys.has(id)),
    async load(id, keyType) {
      if (id === root.id) throw new Error('of no use')
      return keys.load(id, keyType)
    },
  }
}

test('an intermediate past its activation point is replaced below the same root', async () => {
  const started = await start()
  const before = one(started, 'intermediate')
  issue(started, { notAfter: NOW / 1000 + 2 * DAY })
  started.world.clock.move(1.9 * DAY * 1000)
  await started.loop.tick()
  const after = one(started, 'intermediate')
  assert.notEqual(after.id, before.id)
  assert.equal(after.issuer, before.issuer)
  assert.equal(one(started, 'intermediate', 'draining').id, before.id)
  assert.equal(started.authorities.issuing(started.world.clock.now() / 1000).authority.id, after.id)
  assert.ok(started.authorities.find(before.id) !== null, 'leaves of the old one may still renew')
})

test('an intermediate never outlives its root', async () => {
  const started = await start()
  started.world.clock.move(9.5 * DAY * 1000)
  await started.loop.tick()
  assert.equal(one(started, 'intermediate').notAfter, one(started, 'root').notAfter)
})

test('the first JWT key is there and signs after the first look', async () => {
  assert.equal(one(await start(), 'jwt').publishedSequence, 2)
})

test('looks that come together make one intermediate', async () => {
  const started = await start()
  started.world.clock.move(1.9 * DAY * 1000)
  await Promise.all([started.loop.tick(), started.loop.tick()])
  const states = started.authorities
    .list()
    .filter(({ kind }) => kind === 'intermediate')
    .map(({ state }) => state)
  assert.deepEqual(states.sort(), ['active', 'retired'])
})

test('certificates are counted only where they decide', async () => {
  const started = await start()
  await started.rotator.prepare({ kind: 'root', ...NOTE })
  started.world.uptake.counts = 0
  for (let i = 0; i < 10; i++) await started.loop.tick()
  assert.equal(started.world.uptake.counts, 0)
})

test('a root key that is gone when the intermediate is due: the intermediate signs on, and JWT keys rotate', async () => {
  const first = await start()
  const { world } = first
  const keys = withoutRoot(world.keys, one(first, 'root'), false)
  const lost = await startWorld({ ...world, keys })
  world.clock.move(1.7 * DAY * 1000)
  await lost.loop.tick()
  assert.equal(lost.authorities.issuing(world.clock.now() / 1000).authority.id, one(first, 'intermediate').id)
  assert.match(lost.loop.problems.join(), /the key of its root is not here: import the next one/)
  assert.equal(one(lost, 'jwt', 'prepared').kind, 'jwt')

  world.clock.move(DAY * 1000)
  await lost.loop.tick()
  assert.throws(() => lost.authorities.issuing(world.clock.now() / 1000), { code: 'issue.no_active_authority' })
  const again = await startWorld(world)
  await again.loop.tick()
  assert.deepEqual(again.loop.problems, [])
  assert.ok(again.authorities.issuing(world.clock.now() / 1000))
})

test('what fails is tried again later and later, and at once after a command', async () => {
  const started = await start()
  const { world, errors } = started
  const broken = await startWorld({ ...world, keys: withoutRoot(world.keys, one(started, 'root'), true) })
  world.clock.move(1.5 * DAY * 1000)
  errors.length = 0
  for (let i = 0; i < 60; i++) {
    await broken.loop.tick()
    world.clock.move(1000)
  }
  assert.ok(errors.length > 3 && errors.length < 8, `${errors.length} attempts in a minute`)
  await broken.rotator.rotate({ kind: 'root', ...NOTE })
  await broken.loop.tick()
  assert.equal(one(broken, 'intermediate').issuer, one(broken, 'root').id, 'the new root has made a new intermediate')
  await broken.loop.tick()
  assert.deepEqual(broken.loop.problems, [])
})

test('a root key that is kept elsewhere is no problem before the intermediate is due', async () => {
  const started = await start()
  const keys = withoutRoot(started.world.keys, one(started, 'root'), false)
  const { loop } = await startWorld({ ...started.world, keys })
  await loop.start()
  loop.close()
  assert.deepEqual([loop.problems, started.errors], [[], []])
})

test('a root key that is there and of no use is found out at the start, and once it is put right', async () => {
  const started = await start()
  const keys = { ...withoutRoot(started.world.keys, one(started, 'root'), true) }
  const { loop, authorities } = await startWorld({ ...started.world, keys })
  await loop.start()
  loop.close()
  assert.equal(loop.problems.length, 1)
  assert.equal(authorities.issuing(NOW / 1000).authority.id, one(started, 'intermediate').id)
  await loop.tick()
  assert.deepEqual(started.errors, ['authority.root_key_unusable'])
  keys.load = (id, keyType) => started.world.keys.load(id, keyType)
  await loop.tick()
  assert.deepEqual(loop.problems, [])
})

test('an expired root: nothing is issued until somebody rotates it, and then at once', async () => {
  const { world } = await start()
  world.clock.move(11 * DAY * 1000)
  const started = { ...(await startWorld(world)), world, errors: [] }
  await started.loop.tick()
  const now = world.clock.now() / 1000
  assert.throws(() => started.authorities.issuing(now), { code: 'issue.no_active_authority' })
  assert.ok(one(started, 'root', 'prepared'), 'the next root is published already')
  assert.deepEqual(started.loop.problems, ['the next intermediate cannot be prepared: the log has the reason'])
  await started.rotator.rotate({ kind: 'root', ...NOTE })
  await started.loop.tick()
  assert.equal(started.authorities.issuing(now).authority.issuer, one(started, 'root').id)
})

test('a whole rotation: everybody has the new root before it signs, nobody needs the old one when it leaves', async () => {
  const started = await start()
  const { world, rotator, loop, authorities } = started
  const old = one(started, 'root')
  const before = issue(started)
  const { id, to } = await rotator.rotate({ kind: 'root', keyType: 'ec-p384', ...NOTE })
  const state = () => authorities.view().rotations.find((it) => it.id === id)?.state
  const tickAfter = async (milliseconds: number) => {
    world.clock.move(milliseconds)
    await loop.tick()
    return state()
  }
  assert.equal(await tickAfter(0), 'distributing')
  const { sequence } = authorities.current()
  await world.uptake.reportBundles([{ serial: before.serial.toString('hex'), sequence: sequence - 1, notAfter: 0 }])
  assert.equal(await tickAfter(1000), 'distributing')
  await world.uptake.reportBundles([{ serial: before.serial.toString('hex'), sequence, notAfter: 0 }])
  assert.equal(await tickAfter(1000), 'draining')
  assert.equal(one(started, 'root').id, to)
  assert.equal(one(started, 'root').keyType, 'ec-p384')
  assert.equal(authorities.current().roots.length, 2)
  assert.equal(await tickAfter(HOUR_MS), 'draining') // clocks may be behind
  assert.equal(await tickAfter(60_000), 'done')
  assert.deepEqual(authorities.current().roots, [one(started, 'root').certificate])
  assert.equal(one(started, 'root', 'retired').id, old.id)
})

test('by a clock that is doubted nothing is prepared: it would not be valid once the clock is right', async () => {
  let until: number | null = null
  const started = await start({ doubtedUntil: () => until })
  const { world, loop, authorities } = started
  const before = authorities.list().length
  world.clock.move(5 * DAY * 1000) // somebody sets it
  until = world.clock.now() + HOUR_MS
  await loop.tick()
  assert.equal(authorities.list().length, before)
  world.clock.move(-5 * DAY * 1000)
  until = null
  await loop.tick()
  assert.ok(authorities.issuing(NOW / 1000), 'once it is right, all is as before')
  world.clock.move(5 * DAY * 1000) // this time it is believed
  await loop.tick()
  assert.ok(authorities.issuing(world.clock.now() / 1000))
})

test('made while the clock was ahead, not valid once it is right: it says what to do, and that helps', async () => {
  const started = await start({ rootTtl: 30 * DAY, intermediateTtl: 20 * DAY })
  const { world, rotator, loop, authorities } = started
  issue(started, { notAfter: NOW / 1000 + 10 * DAY })
  const right = one(started, 'intermediate')
  world.clock.move(5 * DAY * 1000)
  await rotator.rotate({ kind: 'intermediate', ...NOTE })
  await loop.tick()
  const wrong = one(started, 'intermediate')
  world.clock.move(-5 * DAY * 1000)
  const again = await startWorld(world) // it starts all the same
  await again.loop.tick()
  const told = { code: 'issue.no_active_authority', message: new RegExp(`not valid yet.*authority abort ${wrong.id}`) }
  assert.throws(() => again.authorities.issuing(NOW / 1000), told)
  await again.rotator.abort({ id: wrong.id, ...NOTE })
  assert.equal(again.authorities.issuing(NOW / 1000).authority.id, right.id)
  assert.notEqual(authorities, again.authorities)
})

test('made while the clock was ahead, with nobody to hand back to: another is made', async () => {
  const started = await start({ rootTtl: 30 * DAY, intermediateTtl: 20 * DAY })
  const { world, rotator, loop, authorities } = started
  world.clock.move(5 * DAY * 1000)
  await rotator.rotate({ kind: 'intermediate', ...NOTE })
  await loop.tick()
  await loop.tick() // the one before it has retired
  world.clock.move(-5 * DAY * 1000)
  const told = { code: 'issue.no_active_authority', message: /not valid yet.*authority rotate --kind intermediate/ }
  assert.throws(() => authorities.issuing(NOW / 1000), told)
  await rotator.rotate({ kind: 'intermediate', ...NOTE })
  await loop.tick()
  assert.ok(authorities.issuing(NOW / 1000))
})
