import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { Authorities } from '../../../src/ca/authorities.ts'
import type { Authority } from '../../../src/ca/authority.ts'
import type { TrustBundle } from '../../../src/ca/bundle.ts'
import type { AuthoritiesOptions } from '../../../src/ca/create-first.ts'
import type { KeyProvider } from '../../../src/ca/key-provider.ts'
import { toActive, toPrepared } from '../../../src/ca/rotation/to-active.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import type { StartupError } from '../../../src/kernel/startup-error.ts'
import { memoryKeys } from '../../support/authority.ts'
import { FakeAuthorityStore, FakeClock } from '../../support/fakes.ts'
import { authority } from '../../support/rotation-view.ts'

const NOW = Date.UTC(2026, 10, 21)
const DAY = 86_400
const OPTIONS = {
  trustDomain: 'cluster.local',
  root: { keyType: 'ec-p256', ttl: 5 * 365 * DAY },
  intermediate: { keyType: 'ec-p256', ttl: 30 * DAY },
} as const

const NOTE = { actor: 'somebody', action: 'authority.test' }

interface World {
  readonly store: FakeAuthorityStore
  readonly clock: FakeClock
  readonly keys: KeyProvider
  readonly log: typeof silentLog
  readonly published: string[]
}

function newWorld(): World {
  return {
    store: new FakeAuthorityStore(),
    clock: new FakeClock(NOW),
    keys: memoryKeys(),
    log: silentLog,
    published: [],
  }
}

function open(world: World, options: AuthoritiesOptions = OPTIONS): Promise<Authorities> {
  return Authorities.open(
    {
      ...world,
      random: (size) => randomBytes(size),
      publish: async (_authorities, bundle) => void world.published.push(bundle.pem),
    },
    options,
  )
}

function one(authorities: readonly Authority[], kind: string): Authority {
  return authorities.find((authority) => authority.kind === kind && authority.state === 'active') ?? assert.fail(kind)
}

test('the first start creates a root and an intermediate below it', async () => {
  const world = newWorld()
  const authorities = await open(world)
  const root = new X509Certificate(one(authorities.list(), 'root').certificate)
  const intermediate = new X509Certificate(one(authorities.list(), 'intermediate').certificate)
  assert.ok(root.ca && intermediate.ca)
  assert.ok(root.verify(root.publicKey) && intermediate.verify(root.publicKey))
  assert.equal(Date.parse(root.validFrom), NOW - 3_600_000)
  assert.equal(Date.parse(intermediate.validFrom), NOW - 3_600_000)
  assert.equal(Date.parse(root.validTo), NOW + 5 * 365 * DAY * 1000)
  assert.equal(Date.parse(intermediate.validTo), NOW + 30 * DAY * 1000)
  assert.equal(root.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.notDeepEqual(root.publicKey.export({ format: 'jwk' }), intermediate.publicKey.export({ format: 'jwk' }))
  assert.equal(authorities.current().sequence, 1)
  assert.deepEqual(world.published, [root.toString()])
})

test('X-8, X-9: signing certificates carry the trust domain as their SPIFFE ID', async () => {
  const authorities = await open(newWorld())
  for (const { certificate } of authorities.list()) {
    assert.equal(new X509Certificate(certificate).subjectAltName, 'URI:spiffe://cluster.local')
  }
})

test('B-1…B-8, X-23…X-27: the bundle is a JWK set with one self-signed certificate an entry and no kid', async () => {
  const authorities = await open(newWorld())
  const bundle = JSON.parse(authorities.current().spiffe)
  assert.equal(bundle.spiffe_sequence, 1)
  assert.ok(Number.isInteger(bundle.spiffe_refresh_hint))
  const [key, ...others] = bundle.keys
  assert.equal(others.length, 0)
  assert.deepEqual(Object.keys(key).sort(), ['crv', 'kty', 'use', 'x', 'x5c', 'y'])
  assert.equal(key.use, 'x509-svid')
  const [der, ...more] = key.x5c
  assert.equal(more.length, 0)
  assert.equal(new X509Certificate(Buffer.from(der, 'base64')).toString(), one(authorities.list(), 'root').certificate)
})

test('a second start finds everything again', async () => {
  const world = newWorld()
  const first = await open(world)
  const second = await open(world)
  assert.deepEqual(second.list(), first.list())
  assert.deepEqual(second.current(), first.current())
  assert.equal(second.issuing(NOW / 1000).authority.id, first.issuing(NOW / 1000).authority.id)
  assert.equal(world.store.changes.length, 1)
})

/** A store that does not take the next change, or whose answer is lost. */
const failures = [
  ['before', 1],
  ['after', 2],
] as const

for (const [when, stored] of failures) {
  test(`a change whose store fails ${when} it was stored`, async () => {
    const world = newWorld()
    const authorities = await open(world)
    const before = authorities.view()
    const next = authority('r2', { state: 'prepared', certificate: one(before.authorities, 'root').certificate })
    world.store.failNext = when
    await assert.rejects(authorities.commit(toPrepared(before, [next]), NOTE), /the (answer of the )?store/)
    assert.equal(authorities.view(), before, 'it is not in force')
    assert.deepEqual(world.published.length, 1)
    await authorities.settle()
    assert.equal(authorities.current().sequence, stored)
    assert.equal(authorities.current().roots.length, stored)
    assert.equal(world.published.length, 2)
    await authorities.settle()
    assert.equal(world.published.length, 2, 'what is known is not read again')
  })
}

test('a change to an authority whose key is gone is refused and nothing is stored', async () => {
  const world = newWorld()
  const authorities = await open(world)
  const before = authorities.view()
  const next = { ...one(before.authorities, 'intermediate'), id: 'i2', state: 'prepared' as const }
  await authorities.commit(toPrepared(before, [next]), NOTE)
  const changes = world.store.changes.length
  const prepared = authorities.view()
  const transition = toActive(prepared, { id: 'i2', successor: null, now: NOW })
  await assert.rejects(authorities.commit(transition, NOTE), /no key i2/)
  assert.equal(authorities.view(), prepared)
  assert.equal(world.store.changes.length, changes)
  assert.ok(authorities.issuing(NOW / 1000))
})

test('files that cannot be written keep no change from being in force: it is told, and tried again', async () => {
  const world = newWorld()
  let isFull = false
  const publish = async (_all: unknown, bundle: TrustBundle) => {
    if (isFull) throw new Error('ENOSPC')
    world.published.push(bundle.pem)
  }
  const authorities = await Authorities.open({ ...world, random: (size) => randomBytes(size), publish }, OPTIONS)
  const told: number[] = []
  authorities.onChange(() => told.push(authorities.current().sequence))
  const next = authority('r2', { state: 'prepared', certificate: one(authorities.list(), 'root').certificate })
  isFull = true
  await authorities.commit(toPrepared(authorities.view(), [next]), NOTE)
  assert.deepEqual(told, [2])
  await authorities.settle()
  assert.match(authorities.problems.join(), /could not be written/)
  isFull = false
  await authorities.settle()
  assert.deepEqual(authorities.problems, [])
  assert.deepEqual(world.published.slice(1), [authorities.current().pem])
  await authorities.settle()
  assert.equal(world.published.length, 2, 'what is written is not written again')
})

test('with the intermediate expired and the root too, there is no authority to issue with', async () => {
  const world = newWorld()
  await open(world)
  world.clock.advance(6 * 365 * DAY * 1000)
  const authorities = await open(world)
  assert.throws(() => authorities.issuing(world.clock.now() / 1000), {
    code: 'issue.no_active_authority',
    message: /has expired/,
  })
})

test('after a change by a clock that was far ahead, what is valid by the right one signs again', async () => {
  const world = newWorld()
  const authorities = await open(world)
  const next = authority('r2', { state: 'prepared', certificate: one(authorities.list(), 'root').certificate })
  world.clock.set(40 * DAY * 1000)
  await authorities.commit(toPrepared(authorities.view(), [next]), NOTE)
  assert.throws(() => authorities.issuing(world.clock.now() / 1000), { code: 'issue.no_active_authority' })
  world.clock.set(-40 * DAY * 1000)
  const { version } = authorities
  await authorities.settle()
  assert.ok(authorities.issuing(NOW / 1000))
  assert.deepEqual([authorities.version, world.store.changes.length], [version + 1, 2])
  await authorities.settle()
  assert.equal(authorities.version, version + 1, 'once')
})

test('where its key is gone by then, other changes go on', async () => {
  const world = newWorld()
  const authorities = await open(world)
  const { id } = one(authorities.list(), 'intermediate')
  const next = authority('r2', { state: 'prepared', certificate: one(authorities.list(), 'root').certificate })
  world.clock.set(40 * DAY * 1000)
  await authorities.commit(toPrepared(authorities.view(), [next]), NOTE)
  world.clock.set(-40 * DAY * 1000)
  await world.keys.discard(id)
  await authorities.settle()
  assert.match(authorities.problems.join(), /key of the active intermediate/)
})

test('another trust domain over the same data is refused, and nothing is changed', async () => {
  const world = newWorld()
  await open(world)
  const before = world.store.changes.length
  await assert.rejects(open(world, { ...OPTIONS, trustDomain: 'other.example' }), (error: StartupError) => {
    assert.equal(error.code, 'data.other_trust_domain')
    assert.match(error.message, /`cluster\.local`.*other\.example/)
    return true
  })
  assert.deepEqual([world.store.changes.length, world.published.length], [before, 1])
})

test('a clock before the life of the intermediate: there is no authority to issue with', async () => {
  const authorities = await open(newWorld())
  const begins = NOW / 1000 - 3600
  assert.ok(authorities.issuing(begins))
  assert.throws(() => authorities.issuing(begins - 1), { code: 'issue.no_active_authority' })
})
