import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { CrlPublisher } from '../../../../src/ca/crl/crl-publisher.ts'
import { type CrlWorld, newCrlWorld } from '../../../support/crl.ts'
import { NOW } from '../../../support/store.ts'

const HOUR = 3_600_000

function stateOf({ publisher, authorities }: CrlWorld, kind: 'root' | 'intermediate') {
  const { id } = authorities[kind].authority
  const state = publisher.current().states.find(({ authority }) => authority === id)
  assert.ok(state !== undefined)
  return state
}

function revokeLeaf({ revocations, authorities, clock }: CrlWorld, serial: string, change = {}) {
  const authority = authorities.intermediate.authority.id
  const times = { notAfter: clock.now() / 1000 + 3600, revokedAt: clock.now() / 1000 }
  return revocations.add({
    revocations: [{ serial: serial.padStart(32, '0'), authority, ...times, reason: 'keyCompromise', ...change }],
    now: clock.now(),
  })
}

function serialOf(certificate: string): Buffer {
  return Buffer.from(new X509Certificate(certificate).serialNumber, 'hex')
}

test('every authority has an empty CRL from the start', async () => {
  const world = await newCrlWorld(NOW)
  for (const kind of ['root', 'intermediate'] as const) {
    const { crl, warning } = stateOf(world, kind)
    assert.equal(warning, null)
    assert.equal(crl?.entries, 0)
    assert.equal(crl?.thisUpdate, NOW / 1000 - 120)
    assert.equal(crl?.nextUpdate, NOW / 1000 - 120 + 86_400)
  }
  assert.deepEqual(world.published, [world.publisher.current().pem])
  assert.equal(world.published[0]?.match(/BEGIN X509 CRL/g)?.length, 2)
})

test('nothing is signed before it is due or something was revoked, then only what has changed', async () => {
  const world = await newCrlWorld(NOW)
  const { publisher, clock } = world
  const root = stateOf(world, 'root').crl
  clock.advance(11 * HOUR)
  await publisher.refresh('test')
  assert.equal(stateOf(world, 'root').crl, root)
  await revokeLeaf(world, '01')
  await publisher.refresh('test')
  assert.equal(stateOf(world, 'root').crl, root)
  assert.equal(stateOf(world, 'intermediate').crl?.entries, 1)
  clock.advance(HOUR)
  await publisher.refresh('test')
  assert.equal(stateOf(world, 'root').crl?.thisUpdate, clock.now() / 1000 - 120)
})

test('numbers ascend, also within one second, over a restart and over a lost database', async () => {
  const world = await newCrlWorld(NOW)
  const numbers: number[] = []
  for (const serial of ['01', '02', '03']) {
    await revokeLeaf(world, serial)
    await world.publisher.refresh('test')
    numbers.push(stateOf(world, 'intermediate').crl?.number ?? 0)
  }
  assert.deepEqual(numbers, [NOW / 1000 + 1, NOW / 1000 + 2, NOW / 1000 + 3])
  const again = await CrlPublisher.open(world.deps)
  assert.deepEqual(again.current().etag, world.publisher.current().etag)
  world.store.crls.clear()
  world.clock.advance(10_000)
  const restored = await CrlPublisher.open(world.deps)
  assert.ok(restored.current().states.every(({ crl }) => (crl?.number ?? 0) > NOW / 1000 + 3))
})

test('an entry stays for a CRL past its end, and then goes', async () => {
  const world = await newCrlWorld(NOW)
  await revokeLeaf(world, '01', { notAfter: NOW / 1000 + 3600 })
  for (const [hours, entries] of [
    [13, 1],
    [13, 0],
  ] as const) {
    world.clock.advance(hours * HOUR)
    await world.publisher.refresh('test')
    assert.equal(stateOf(world, 'intermediate').crl?.entries, entries)
  }
})

test('a revoked intermediate stands on the CRL of its root and has none any more; a retired root has none', async () => {
  const world = await newCrlWorld(NOW)
  const { root, intermediate } = world.authorities
  const revoked = { ...intermediate.authority, state: 'revoked' as const, changedAt: NOW }
  const one = await CrlPublisher.open({ ...world.deps, authorities: () => [root.authority, revoked] })
  assert.deepEqual(
    one.current().states.map(({ kind, crl }) => [kind, crl?.entries]),
    [['root', 1]],
  )
  const retired = { ...root.authority, state: 'retired' as const }
  const none = await CrlPublisher.open({ ...world.deps, authorities: () => [retired, intermediate.authority] })
  assert.deepEqual(none.current().states, [])
})

test('an intermediate that is revoked as a revoked certificate of its root is forgotten stands on the CRL', async () => {
  const world = await newCrlWorld(NOW)
  const { root, intermediate } = world.authorities
  let isRevoked = false
  const below = () => ({
    ...intermediate.authority,
    ...(isRevoked ? { state: 'revoked' as const, changedAt: NOW } : {}),
  })
  const publisher = await CrlPublisher.open({ ...world.deps, authorities: () => [root.authority, below()] })
  const byRoot = { authority: root.authority.id }
  await revokeLeaf(world, '01', { ...byRoot, notAfter: NOW / 1000 + 30 * 86_400 })
  await revokeLeaf(world, '02', { ...byRoot, notAfter: NOW / 1000 - 86_400 + 60 })
  await publisher.refresh('test')
  world.clock.advance(120_000)
  await revokeLeaf(world, '03') // whereby the one that is over is forgotten
  isRevoked = true
  await publisher.refresh('test')
  const ofRoot = publisher.current().states.find(({ kind }) => kind === 'root')?.crl?.der ?? Buffer.alloc(0)
  assert.ok(ofRoot.includes(serialOf(intermediate.authority.certificate)))
})

test('RFC 5280 §5.2.1: a CRL names its key as the certificate of its authority does, however that came by it', async () => {
  const world = await newCrlWorld(NOW)
  const { authority, signer } = world.authorities.intermediate
  const imported = { ...authority, id: 'ab'.repeat(20) } // of its key; somebody else made its certificate
  const deps = { ...world.deps, authorities: () => [imported], signerOf: async () => signer }
  const { crl } = (await CrlPublisher.open(deps)).current().states[0] ?? assert.fail()
  assert.ok(crl?.der.includes(Buffer.from(authority.id, 'hex')))
})

test('where a key is gone, the last CRL is served with a warning; where there was none, that is said', async () => {
  const world = await newCrlWorld(NOW)
  const deps = { ...world.deps, signerOf: async () => null }
  const without = await CrlPublisher.open(deps)
  assert.deepEqual(without.problems(), [])
  world.clock.advance(13 * HOUR)
  await without.refresh('test')
  assert.equal(without.current().pem, world.publisher.current().pem)
  assert.equal(without.problems().length, 2)
  assert.match(
    without.problems()[0] ?? '',
    /its key is not here, and no CRL of it was given: the last one stands until 2026-11-22T02:58:00/,
  )
  world.store.crls.clear()
  const never = await CrlPublisher.open(deps)
  assert.equal(never.current().pem, '')
  assert.match(never.problems()[0] ?? '', /there is none/)
})

test('a key that fails takes only its own CRL with it', async () => {
  const world = await newCrlWorld(NOW)
  const { id } = world.authorities.root.authority
  world.store.crls.clear()
  const broken = await CrlPublisher.open({
    ...world.deps,
    signerOf: (wanted) => (wanted === id ? Promise.reject(new Error('broken')) : world.deps.signerOf(wanted)),
  })
  assert.deepEqual(
    broken.current().states.map(({ crl, warning }) => [crl !== null, warning !== null]),
    [
      [false, true],
      [true, false],
    ],
  )
})

test('what does not read back as the authority signed it is never stored nor served', async () => {
  const world = await newCrlWorld(NOW)
  const { root, intermediate } = world.authorities
  world.store.crls.clear()
  const broken = await CrlPublisher.open({
    ...world.deps,
    signerOf: async (id) => {
      if (id === root.authority.id)
        return { ...root.signer, sign: () => intermediate.signer.sign(Buffer.from('other')) }
      return root.signer // that of another authority
    },
  })
  assert.equal(world.store.crls.size, 0)
  assert.equal(broken.current().pem, '')
  assert.equal(broken.problems().length, 2)
})

test('a file that cannot be written is a problem until it can be', async () => {
  let isFull = true
  const world = await newCrlWorld(NOW, {
    publish: async () => {
      if (isFull) throw new Error('the disk is full')
    },
  })
  assert.equal(world.publisher.problems().length, 1)
  isFull = false
  await world.publisher.refresh('test')
  assert.deepEqual(world.publisher.problems(), [])
})

test('who asks while one runs gets what was revoked before the question', async () => {
  const world = await newCrlWorld(NOW)
  await revokeLeaf(world, '01')
  const first = world.publisher.refresh('test')
  await revokeLeaf(world, '02')
  await Promise.all([first, world.publisher.refresh('test'), world.publisher.refresh('test')])
  assert.equal(stateOf(world, 'intermediate').crl?.entries, 2)
})

test('an intermediate that is revoked as another revoked one is forgotten stands on the CRL', async () => {
  const world = await newCrlWorld(NOW)
  const { root, intermediate } = world.authorities
  const revoked = (id: string) => ({ ...intermediate.authority, id, state: 'revoked' as const, changedAt: NOW })
  let known: readonly Authority[] = [root.authority, revoked('first')]
  const publisher = await CrlPublisher.open({ ...world.deps, authorities: () => known })
  const number = () => publisher.current().states[0]?.crl?.number ?? 0
  const before = number()
  known = [root.authority, revoked('second')]
  world.clock.advance(1000)
  await publisher.refresh('test')
  assert.ok(number() > before)
})
