import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { HOUR_MS, issue, NOTE, one, start, UNFORCED } from '../../../support/rotation-started.ts'
import { DAY, NOW, SKEW, startWorld } from '../../../support/rotation-world.ts'

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

test('one that was prepared while the clock was ahead never signs too early, forced or not, and can be given up', async () => {
  const started = await start()
  const { world, rotator } = started
  world.clock.move(5 * DAY * 1000)
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  world.clock.move(-5 * DAY * 1000)
  const refused = { code: 'authority.not_ready', message: /its life to begin.*abort it/ }
  await assert.rejects(rotator.activate({ id, ...UNFORCED }), refused)
  await assert.rejects(rotator.activate({ id, ...NOTE, isForced: true }), { code: 'authority.invalid_transition' })
  await rotator.abort({ id, ...NOTE })
  assert.notEqual((await rotator.prepare({ kind: 'root', ...NOTE })).id, id)
})

test('with a bundle endpoint a root is published for its time first; force does not wait', async () => {
  const started = await start({ rootPublishSeconds: 900 })
  const { world, rotator } = started
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  const refused = { code: 'authority.not_ready', seen: '0', message: /the time that it has to be published/ }
  await assert.rejects(rotator.activate({ id, ...UNFORCED }), refused)
  world.clock.move(900_000)
  await rotator.activate({ id, ...UNFORCED })
  const next = await rotator.prepare({ kind: 'root', ...NOTE })
  await rotator.activate({ id: next.id, ...NOTE, isForced: true })
  assert.equal(one(started, 'root').id, next.id)
})
