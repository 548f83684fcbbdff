import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { crlContents } from '../../../../src/ca/crl/crl.ts'
import { Revocations } from '../../../../src/ca/deny/revocations.ts'
import { activationGate, crossedGate, retirementGate } from '../../../../src/ca/rotation/gates.ts'
import { preview } from '../../../../src/ca/rotation/preview.ts'
import { FakeCrlStore } from '../../../support/crl.ts'
import {
  NOW,
  newRotationWorld,
  type RotationWorld,
  type RunningWorld,
  startWorld,
} from '../../../support/rotation-world.ts'
import { anIntent } from '../../../support/store.ts'

const NOTE = { actor: 'somebody', reason: 'a test' }
const ROOT = { kind: 'root', ...NOTE } as const
const CROSSED = { ...ROOT, crossSign: true } as const
const HOUR = 3600

interface Started extends RunningWorld {
  readonly world: RotationWorld
}

async function start(change: Parameters<typeof newRotationWorld>[0] = {}): Promise<Started> {
  const world = newRotationWorld(change)
  const running = await startWorld(world)
  await running.loop.tick()
  return { ...running, world }
}

/** A certificate of now. */
function issue({ world, authorities }: Started, lifeSeconds = HOUR): void {
  const now = Math.floor(world.clock.now() / 1000)
  const { authority, bundleSequence } = authorities.issuing(now).chain
  world.uptake.intents.push(
    anIntent({ serial: randomBytes(16), authority, bundleSequence, notAfter: now + lifeSeconds }),
  )
}

function root({ authorities }: RunningWorld, state: Authority['state']): Authority {
  return authorities.list().find((one) => one.kind === 'root' && one.state === state) ?? assert.fail(`no ${state} root`)
}

/** How many certificates go out with a leaf, itself left out. */
function shown({ authorities, world }: Started): number {
  return authorities.issuing(world.clock.now() / 1000).chain.intermediates.length
}

test('a rotation that is cross-signed waits for nobody, and drains until nobody needs the old root', async () => {
  const started = await start()
  issue(started)
  await started.rotator.rotate(CROSSED)
  await started.loop.tick()
  assert.equal(shown(started), 2)
  const old = root(started, 'draining')
  started.world.clock.move((HOUR + 30) * 1000)
  await started.loop.tick()
  assert.equal(root(started, 'draining').id, old.id, 'clocks that are slow')
  started.world.clock.move(60_000)
  await started.loop.tick()
  assert.equal(root(started, 'retired').id, old.id)
  assert.equal(shown(started), 1)
})

test('without it, the gate waits', async () => {
  const started = await start()
  issue(started)
  await started.rotator.rotate(ROOT)
  await started.loop.tick()
  assert.equal(root(started, 'prepared').chain.length, 0)
})

test('the root that waits already is certified by a later command, once', async () => {
  const started = await start()
  issue(started)
  const { id } = await started.rotator.prepare(ROOT)
  await assert.rejects(started.rotator.activate({ id, ...NOTE, isForced: false }), { code: 'authority.not_ready' })
  const [certificate] = (await started.rotator.prepare(CROSSED)).chain
  assert.deepEqual((await started.rotator.prepare(CROSSED)).chain, [certificate])
  await started.rotator.activate({ id, ...NOTE, isForced: false })
  assert.deepEqual(root(started, 'active').chain, [certificate])
})

test('two in a row: who has the first bundle alone is led to the third root, until it has gone', async () => {
  const started = await start()
  issue(started, 3 * HOUR)
  const roots = [root(started, 'active')]
  for (let i = 0; i < 2; i++) {
    const { id } = await started.rotator.prepare(CROSSED)
    await started.rotator.activate({ id, ...NOTE, isForced: false })
    roots.push(root(started, 'active'))
    started.world.clock.move(60_000)
  }
  const { intermediates } = started.authorities.issuing(started.world.clock.now() / 1000).chain
  const path = [...intermediates, roots[0]?.certificate ?? ''].map((pem) => new X509Certificate(pem))
  for (const [index, issuer] of path.slice(1).entries()) assert.ok(path[index]?.verify(issuer.publicKey))
  assert.equal(path.length, 4)
  started.world.clock.move(2 * HOUR * 1000)
  await started.loop.tick()
  const states = roots.map(({ id }) => started.authorities.list().find((one) => one.id === id)?.state)
  assert.deepEqual(states, ['draining', 'draining', 'active'], 'nothing descends from the second, and yet it leads on')
  started.world.clock.move(HOUR * 1000)
  await started.loop.tick()
  assert.equal(shown(started), 1)
})

test('who is older than all that the way leads to is waited for', async () => {
  const started = await start()
  const { id } = await started.rotator.prepare(CROSSED)
  const view = started.authorities.view()
  const next = root(started, 'prepared')
  const standing = { signer: '', certificates: 1, latestExpiry: NOW / 1000 + HOUR }
  const gateAt = (sequence: number) => {
    const moment = { now: NOW / 1000, live: [{ ...standing, sequence }] }
    const gates = [
      activationGate(view, next, moment, started.world.plan),
      crossedGate(view, next, moment, started.world.plan),
      crossedGate(view, undefined, moment, started.world.plan),
    ]
    return gates.map(({ open }) => open)
  }
  assert.equal(next.id, id)
  assert.deepEqual(gateAt(0), [false, false, false], 'not even the first root')
  assert.deepEqual(gateAt(1), [true, true, true])
})

test('to revoke the old root, what it has cross-signed counts for nothing', async () => {
  const started = await start()
  issue(started)
  await started.rotator.prepare(CROSSED)
  const { id } = root(started, 'active')
  const plan = { ...started.world.plan, longestLeafSeconds: HOUR }
  const outlook = { view: started.authorities.view(), moment: await started.rotator.moment(), plan }
  assert.equal(preview('revoke', id, outlook).waitingFor?.certificates, 1)
  assert.equal(preview('taint', id, outlook).waitingFor, null)
  await assert.rejects(started.rotator.revoke({ id, ...NOTE, isForced: false }), { code: 'authority.not_ready' })
  await started.rotator.taint({ id, ...NOTE, isForced: false })
  assert.equal(shown(started), 2)
  await started.rotator.revoke({ id, ...NOTE, isForced: false })
  assert.equal(shown(started), 1)
})

test('after the return to the old root, its CRL names the way to the new one once that has gone', async () => {
  const started = await start()
  issue(started)
  const { id } = await started.rotator.rotate(CROSSED)
  await started.loop.tick()
  const { id: newId, chain } = root(started, 'active')
  await started.rotator.abort({ id, ...NOTE })
  const revocations = await Revocations.open(new FakeCrlStore())
  const entries = () => {
    const known = { authorities: started.authorities.list(), revocations, now: started.world.clock.now() }
    return crlContents(root(started, 'active'), known).entries.map(({ serial, reason }) => ({ serial, reason }))
  }
  assert.deepEqual(entries(), [])
  await started.rotator.revoke({ id: newId, ...NOTE, isForced: false })
  const serial = new X509Certificate(chain[0] ?? '').serialNumber
  assert.deepEqual(entries(), [{ serial, reason: 'cACompromise' }])
})

test('where the key of the old root is not here: refused to who asks for it, left out where it is configured', async () => {
  const first = await start({ crossSign: true })
  const old = root(first, 'active')
  const keys = { ...first.world.keys, has: async (id: string) => id !== old.id }
  const { rotator } = await startWorld({ ...first.world, keys })
  await assert.rejects(rotator.rotate(CROSSED), { code: 'authority.invalid_transition' })
  assert.deepEqual((await rotator.prepare(ROOT)).chain, [])
  await assert.rejects(rotator.prepare(CROSSED), { code: 'authority.invalid_transition' })
  await assert.rejects(rotator.prepare({ ...CROSSED, kind: 'jwt' }), { code: 'authority.invalid_transition' })
})

test('an expired root certifies nothing, and its gate is as any other', async () => {
  const { rotator, world, authorities } = await start()
  world.clock.move(11 * 86_400_000)
  await assert.rejects(rotator.prepare(CROSSED), { code: 'authority.invalid_transition' })
  const old = authorities.list().find(({ kind }) => kind === 'root') ?? assert.fail()
  const moment = { now: world.clock.now() / 1000, live: [] }
  assert.equal(retirementGate(authorities.view(), old, moment, world.plan).open, true)
})
