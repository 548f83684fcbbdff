import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Authority, AuthorityKind } from '../../../../src/ca/authority.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import type { Intent } from '../../../../src/ca/record.ts'
import { type Log, silentLog } from '../../../../src/kernel/log.ts'
import {
  DAY,
  NOW,
  newRotationWorld,
  type RotationWorld,
  type RunningWorld,
  SKEW,
  startWorld,
} from '../../../support/rotation-world.ts'
import { anIntent } from '../../../support/store.ts'

const NOTE = { actor: 'somebody', reason: 'a test' }
const UNFORCED = { ...NOTE, isForced: false }
const HOUR_MS = 3_600_000

interface Started extends RunningWorld {
  readonly world: RotationWorld
  /** Events of level error. */
  readonly errors: string[]
}

async function start(change: Parameters<typeof newRotationWorld>[0] = {}): Promise<Started> {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (event) => void errors.push(event) }
  const world = newRotationWorld(change, log)
  const running = await startWorld(world)
  await running.rotator.tick()
  return { ...running, world, errors }
}

function one({ authorities }: RunningWorld, kind: AuthorityKind, state: Authority['state'] = 'active'): Authority {
  return authorities.list().find((it) => it.kind === kind && it.state === state) ?? assert.fail(`no ${state} ${kind}`)
}

/** A certificate of the active intermediate that lives for an hour. */
function issue({ world, authorities }: Started, change: Partial<Intent> = {}): Intent {
  const now = Math.floor(world.clock.now() / 1000)
  const { chain } = authorities.issuing(now)
  const { authority, bundleSequence } = chain
  const intent = anIntent({ serial: randomBytes(16), authority, bundleSequence, notAfter: now + 3600, ...change })
  world.uptake.intents.push(intent)
  return intent
}

test('an intermediate past its activation point is replaced below the same root', async () => {
  const started = await start()
  const before = one(started, 'intermediate')
  issue(started, { notAfter: NOW / 1000 + 2 * DAY })
  started.world.clock.move(1.9 * DAY * 1000)
  await started.rotator.tick()
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
  await started.rotator.tick()
  assert.equal(one(started, 'intermediate').notAfter, one(started, 'root').notAfter)
})

test('the first JWT key is there and signs after the first look', async () => {
  assert.equal(one(await start(), 'jwt').publishedSequence, 2)
})

test('looks that come together make one intermediate', async () => {
  const started = await start()
  started.world.clock.move(1.9 * DAY * 1000)
  await Promise.all([started.rotator.tick(), started.rotator.tick()])
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
  for (let i = 0; i < 10; i++) await started.rotator.tick()
  assert.equal(started.world.uptake.counts, 0)
})

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

test('a root key that is gone when the intermediate is due: the intermediate signs on, and JWT keys rotate', async () => {
  const first = await start()
  const { world } = first
  const keys = withoutRoot(world.keys, one(first, 'root'), false)
  const lost = await startWorld({ ...world, keys })
  world.clock.move(1.7 * DAY * 1000)
  await lost.rotator.tick()
  assert.equal(lost.authorities.issuing(world.clock.now() / 1000).authority.id, one(first, 'intermediate').id)
  assert.match(lost.rotator.problems.join(), /the key of its root is not here: import the next one/)
  assert.equal(one(lost, 'jwt', 'prepared').kind, 'jwt')

  world.clock.move(DAY * 1000)
  await lost.rotator.tick()
  assert.throws(() => lost.authorities.issuing(world.clock.now() / 1000), { code: 'issue.no_active_authority' })
  const again = await startWorld(world)
  await again.rotator.tick()
  assert.deepEqual(again.rotator.problems, [])
  assert.ok(again.authorities.issuing(world.clock.now() / 1000))
})

test('what fails is tried again later and later, and at once after a command', async () => {
  const started = await start()
  const { world, errors } = started
  const broken = await startWorld({ ...world, keys: withoutRoot(world.keys, one(started, 'root'), true) })
  world.clock.move(1.5 * DAY * 1000)
  errors.length = 0
  for (let i = 0; i < 60; i++) {
    await broken.rotator.tick()
    world.clock.move(1000)
  }
  assert.ok(errors.length > 3 && errors.length < 8, `${errors.length} attempts in a minute`)
  await broken.rotator.rotate({ kind: 'root', ...NOTE })
  await broken.rotator.tick()
  assert.equal(one(broken, 'intermediate').issuer, one(broken, 'root').id, 'the new root has made a new intermediate')
  await broken.rotator.tick()
  assert.deepEqual(broken.rotator.problems, [])
})

test('a root key that is kept elsewhere is no problem before the intermediate is due', async () => {
  const started = await start()
  const keys = withoutRoot(started.world.keys, one(started, 'root'), false)
  const { rotator } = await startWorld({ ...started.world, keys })
  await rotator.start()
  rotator.close()
  assert.deepEqual([rotator.problems, started.errors], [[], []])
})

test('a root key that is there and of no use is found out at the start, and once it is put right', async () => {
  const started = await start()
  const keys = { ...withoutRoot(started.world.keys, one(started, 'root'), true) }
  const { rotator, authorities } = await startWorld({ ...started.world, keys })
  await rotator.start()
  rotator.close()
  assert.equal(rotator.problems.length, 1)
  assert.equal(authorities.issuing(NOW / 1000).authority.id, one(started, 'intermediate').id)
  await rotator.tick()
  assert.deepEqual(started.errors, ['authority.root_key_unusable'])
  keys.load = (id, keyType) => started.world.keys.load(id, keyType)
  await rotator.tick()
  assert.deepEqual(rotator.problems, [])
})

test('an expired root: nothing is issued until somebody rotates it, and then at once', async () => {
  const { world } = await start()
  world.clock.move(11 * DAY * 1000)
  const started = { ...(await startWorld(world)), world, errors: [] }
  await started.rotator.tick()
  const now = world.clock.now() / 1000
  assert.throws(() => started.authorities.issuing(now), { code: 'issue.no_active_authority' })
  assert.ok(one(started, 'root', 'prepared'), 'the next root is published already')
  assert.deepEqual(started.rotator.problems, ['the next intermediate cannot be prepared: the log has the reason'])
  await started.rotator.rotate({ kind: 'root', ...NOTE })
  await started.rotator.tick()
  assert.equal(started.authorities.issuing(now).authority.issuer, one(started, 'root').id)
})

test('two commands that rotate at the same moment: one wins, the other is told which one runs', async () => {
  const started = await start()
  const asked = [0, 1].map(() => started.rotator.rotate({ kind: 'root', ...NOTE }))
  const [first, second] = await Promise.allSettled(asked)
  assert.equal(first?.status, 'fulfilled')
  assert.ok(second?.status === 'rejected')
  const { code, seen, message } = second.reason
  const id = first.status === 'fulfilled' ? first.value.id : ''
  assert.deepEqual([code, seen], ['authority.invalid_transition', id])
  assert.match(message, new RegExp(id))
  assert.equal(started.authorities.list().filter(({ kind }) => kind === 'root').length, 2)
})

test('a whole rotation: everybody has the new root before it signs, nobody needs the old one when it leaves', async () => {
  const started = await start()
  const { world, rotator, authorities } = started
  const old = one(started, 'root')
  const before = issue(started)
  const { id, to } = await rotator.rotate({ kind: 'root', keyType: 'ec-p384', ...NOTE })
  const state = () => authorities.view().rotations.find((it) => it.id === id)?.state
  const tickAfter = async (milliseconds: number) => {
    world.clock.move(milliseconds)
    await rotator.tick()
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

test('hostile 107: two rotations at once: one wins, the other is told which, and follows it', async () => {
  const started = await start()
  issue(started)
  const begin = (keyType: 'ec-p256' | 'ec-p384') => started.rotator.rotate({ kind: 'root', keyType, ...NOTE })
  const [first, second] = await Promise.allSettled([begin('ec-p256'), begin('ec-p384')])
  assert.ok(first.status === 'fulfilled' && second.status === 'rejected')
  assert.equal(second.reason.code, 'authority.invalid_transition')
  const followed = started.authorities.view().rotations.find(({ id }) => id === second.reason.seen)
  assert.deepEqual(followed, first.value)
  assert.equal(started.authorities.list().filter(({ kind }) => kind === 'root').length, 2)
})

test('hostile 107: two activations at once are one', async () => {
  const started = await start()
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  const { length } = started.world.store.changes
  await Promise.all([1, 2].map(() => started.rotator.activate({ id, ...UNFORCED })))
  assert.equal(one(started, 'root').id, id)
  assert.equal(started.world.store.changes.length, length + 1)
})

test('a renewal is waited for until its answer has arrived: signed is not delivered', async () => {
  const started = await start()
  const { reports, rotator, authorities } = started
  const before = issue(started)
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  const after = issue(started)
  const [old, renewed] = [before, after].map(({ serial }) => serial.toString('hex'))
  assert.ok(old !== undefined && renewed !== undefined)
  reports.renewed({ serial: old, sequence: authorities.current().sequence, notAfter: after.notAfter }, renewed)
  await reports.flush()
  await assert.rejects(rotator.activate({ id, ...UNFORCED }), { code: 'authority.not_ready', seen: '1' })
  reports.shown(renewed)
  await reports.flush()
  await rotator.activate({ id, ...UNFORCED })
  assert.equal(one(started, 'root').id, id)
})

test('who is waited for is told with the skew that gates add', async () => {
  const started = await start()
  issue(started)
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  const until = new Date(NOW + HOUR_MS + SKEW * 1000).toISOString()
  await assert.rejects(started.rotator.activate({ id, ...UNFORCED }), (error: Error) => error.message.includes(until))
  started.world.clock.move(HOUR_MS + SKEW * 1000 - 1000)
  await assert.rejects(started.rotator.activate({ id, ...UNFORCED }), { code: 'authority.not_ready' })
  started.world.clock.move(1000)
  await started.rotator.activate({ id, ...UNFORCED })
})

test('gates refuse a command and say for whom they wait; force opens them', async () => {
  const started = await start()
  issue(started)
  issue(started)
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  const refused = { code: 'authority.not_ready', seen: '2' }
  await assert.rejects(started.rotator.activate({ id, ...UNFORCED }), refused)
  await started.rotator.activate({ id, ...NOTE, isForced: true })
  const old = one(started, 'root', 'draining').id
  await assert.rejects(started.rotator.retire({ id: old, ...UNFORCED }), refused)
  await started.rotator.taint({ id: old, ...UNFORCED })
  await assert.rejects(started.rotator.retire({ id: old, ...UNFORCED }), refused)
  await started.rotator.retire({ id: old, ...NOTE, isForced: true })
  assert.equal(started.authorities.current().roots.length, 1)
})

test('commands given twice change nothing the second time', async () => {
  const started = await start()
  const { rotator, world } = started
  const first = await rotator.prepare({ kind: 'root', ...NOTE })
  const second = await rotator.prepare({ kind: 'root', ...NOTE })
  assert.equal(first.id, second.id)
  const old = one(started, 'root').id
  const commands = [
    () => rotator.activate({ id: first.id, ...UNFORCED }),
    () => rotator.abort({ id: first.id, ...NOTE }),
    () => rotator.retire({ id: first.id, ...UNFORCED }),
    () => rotator.revoke({ id: first.id, ...UNFORCED }),
  ]
  for (const command of commands) {
    await command()
    const changes = world.store.changes.length
    await command()
    assert.equal(world.store.changes.length, changes)
  }
  assert.equal(one(started, 'root').id, old)
})

test('an active root is revoked only while another takes over', async () => {
  const started = await start()
  const { id } = one(started, 'root')
  await assert.rejects(started.rotator.revoke({ id, ...UNFORCED }), { code: 'authority.invalid_transition' })
  const next = await started.rotator.prepare({ kind: 'root', ...NOTE })
  await started.rotator.revoke({ id, ...UNFORCED })
  assert.equal(one(started, 'root').id, next.id)
  assert.equal(one(started, 'intermediate').issuer, next.id)
  assert.equal(started.authorities.find(one(started, 'intermediate', 'revoked').id), null)
})

test('a command that is refused makes no key', async () => {
  const started = await start()
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  await started.rotator.abort({ id, ...NOTE })
  let made = 0
  const create: KeyProvider['create'] = (keyType) => {
    made++
    return started.world.keys.create(keyType)
  }
  const { rotator } = await startWorld({ ...started.world, keys: { ...started.world.keys, create } })
  await assert.rejects(rotator.activate({ id, ...UNFORCED }), { code: 'authority.invalid_transition' })
  assert.equal(made, 0)
})

test('a clock that is set back a day lets no authority sign that is not valid yet', async () => {
  const started = await start()
  const { id } = await started.rotator.prepare({ kind: 'root', ...NOTE })
  started.world.clock.move(-DAY * 1000)
  await assert.rejects(started.rotator.activate({ id, ...UNFORCED }), { code: 'authority.not_ready' })
  const now = started.world.clock.now() / 1000
  assert.throws(() => started.authorities.issuing(now), { code: 'issue.no_active_authority' })
})
