import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { Authorities, type AuthoritiesOptions } from '../../../src/ca/authorities.ts'
import type { Authority } from '../../../src/ca/authority.ts'
import type { KeyProvider } from '../../../src/ca/key-provider.ts'
import { type Log, silentLog } from '../../../src/kernel/log.ts'
import type { StartupError } from '../../../src/kernel/startup-error.ts'
import { memoryKeys } from '../../support/authority.ts'
import { FakeAuthorityStore, FakeClock } from '../../support/fakes.ts'

const NOW = Date.UTC(2026, 10, 21)
const DAY = 86_400
const OPTIONS = {
  trustDomain: 'cluster.local',
  root: { keyType: 'ec-p256', ttl: 5 * 365 * DAY },
  intermediate: { keyType: 'ec-p256', ttl: 30 * DAY },
} as const

interface World {
  readonly store: FakeAuthorityStore
  readonly clock: FakeClock
  readonly keys: KeyProvider
  readonly log: Log
  /** Events of level error. */
  readonly errors: string[]
  readonly published: string[]
}

function newWorld(): World {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (event) => void errors.push(event) }
  return { store: new FakeAuthorityStore(), clock: new FakeClock(NOW), keys: memoryKeys(), log, errors, published: [] }
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
  for (const authority of authorities.list()) {
    assert.equal(new X509Certificate(authority.certificate).subjectAltName, 'URI:spiffe://cluster.local')
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

test('an intermediate past its activation point is replaced below the same root', async () => {
  const world = newWorld()
  const authorities = await open(world)
  const before = one(authorities.list(), 'intermediate')
  assert.equal(await authorities.renewIntermediate(), false)
  world.clock.advance(26 * DAY * 1000)
  assert.equal(await authorities.renewIntermediate(), true)
  const after = one(authorities.list(), 'intermediate')
  assert.notEqual(after.id, before.id)
  assert.equal(after.issuer, before.issuer)
  assert.equal(authorities.list().find((authority) => authority.id === before.id)?.state, 'draining')
  assert.equal(authorities.issuing(world.clock.now() / 1000).authority.id, after.id)
  assert.ok(authorities.find(before.id) !== null, 'leaves of the old one may still renew')
})

test('files that cannot be written do not keep a new intermediate from signing', async () => {
  const world = newWorld()
  const failing = { fail: false }
  const authorities = await Authorities.open(
    {
      ...world,
      random: (size) => randomBytes(size),
      publish: async () => {
        if (failing.fail) throw new Error('ENOSPC')
      },
    },
    OPTIONS,
  )
  world.clock.advance(26 * DAY * 1000)
  failing.fail = true
  await assert.rejects(authorities.renewIntermediate(), /ENOSPC/)
  assert.equal(authorities.issuing(world.clock.now() / 1000).authority, one(authorities.list(), 'intermediate'))
})

test('with the intermediate expired and the root too, there is no authority to issue with', async () => {
  const world = newWorld()
  const authorities = await open(world)
  world.clock.advance(6 * 365 * DAY * 1000)
  assert.equal(await authorities.renewIntermediate(), false)
  assert.throws(() => authorities.issuing(world.clock.now() / 1000), { code: 'issue.no_active_authority' })
})

test('an intermediate never outlives its root', async () => {
  const world = newWorld()
  await open(world)
  world.clock.advance((5 * 365 - 10) * DAY * 1000)
  const later = await open(world)
  assert.equal(one(later.list(), 'intermediate').notAfter, one(later.list(), 'root').notAfter)
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

/** Keys of which that of the root is gone, or is there and of no use. */
function withoutRoot(world: World, root: Authority, isThere: boolean): KeyProvider {
  const { keys } = world
  return {
    create: (keyType) => keys.create(keyType),
    has: async (id) => (id === root.id ? isThere : keys.has(id)),
    load: async (id, keyType) => {
      if (id === root.id) throw new Error('of no use')
      return keys.load(id, keyType)
    },
  }
}

test('a root key that is gone when the intermediate is due: the intermediate signs on until its end', async () => {
  const world = newWorld()
  const first = await open(world)
  const lost = { ...world, keys: withoutRoot(world, one(first.list(), 'root'), false) }
  world.clock.advance(26 * DAY * 1000)
  const authorities = await open(lost)
  const now = world.clock.now() / 1000
  assert.equal(authorities.issuing(now).authority.id, one(first.list(), 'intermediate').id)
  assert.ok(authorities.renewalProblem !== null)
  assert.deepEqual(world.errors, ['authority.renewal_failed'])
  await assert.rejects(authorities.renewIntermediate())

  world.clock.advance(4 * DAY * 1000)
  await assert.rejects(open(lost), /of no use/)
  const again = await open(world)
  assert.equal(again.renewalProblem, null)
})

test('a root key that is kept elsewhere is no problem before the intermediate is due', async () => {
  const world = newWorld()
  const first = await open(world)
  const authorities = await open({ ...world, keys: withoutRoot(world, one(first.list(), 'root'), false) })
  assert.equal(authorities.renewalProblem, null)
  assert.deepEqual(world.errors, [])
})

test('a root key that is there and of no use is found out at the start, and once it is put right', async () => {
  const world = newWorld()
  const first = await open(world)
  const keys = withoutRoot(world, one(first.list(), 'root'), true)
  const changing = { ...keys }
  const authorities = await open({ ...world, keys: changing })
  assert.ok(authorities.renewalProblem !== null)
  assert.equal(authorities.issuing(NOW / 1000).authority.id, one(first.list(), 'intermediate').id)
  await authorities.renewIntermediate()
  assert.ok(authorities.renewalProblem !== null)
  assert.deepEqual(world.errors, ['authority.root_key_unusable'])
  changing.load = (id, keyType) => world.keys.load(id, keyType)
  await authorities.renewIntermediate()
  assert.equal(authorities.renewalProblem, null)
})

test('two renewals at once make one intermediate', async () => {
  const world = newWorld()
  const authorities = await open(world)
  world.clock.advance(26 * DAY * 1000)
  const renewals = [authorities.renewIntermediate(), authorities.renewIntermediate()]
  assert.deepEqual(await Promise.all(renewals), [true, true])
  assert.equal(authorities.list().filter(({ kind }) => kind === 'intermediate').length, 2)
  assert.equal(world.store.changes.length, 2)
})

test('a clock before the life of the intermediate: there is no authority to issue with', async () => {
  const authorities = await open(newWorld())
  const begins = NOW / 1000 - 3600
  assert.ok(authorities.issuing(begins))
  assert.throws(() => authorities.issuing(begins - 1), { code: 'issue.no_active_authority' })
})
