import assert from 'node:assert/strict'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Authorities } from '../../../src/ca/authorities.ts'
import { LeafSigner } from '../../../src/ca/issue/sign-leaf.ts'
import { ServingCertificate, type ServingDeps } from '../../../src/ca/serving/serving-certificate.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { memoryKeys, testAuthorities } from '../../support/authority.ts'
import { FakeAuthorityStore, FakeClock, FakeRecord } from '../../support/fakes.ts'
import { newDirectory } from '../../support/service.ts'

const clock = new FakeClock(Date.UTC(2026, 10, 21))
const random = (size: number) => randomBytes(size)
const NAMES = { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: ['istiod'], ips: ['127.0.0.1'] }

let stop = () => {}
afterEach(() => stop())

const KEY_TYPE = 'ec-p256'
const OPTIONS = {
  trustDomain: 'cluster.local',
  root: { keyType: KEY_TYPE, ttl: 1e8 },
  intermediate: { keyType: KEY_TYPE, ttl: 1e6 },
} as const

function newWorld() {
  const directory = newDirectory()
  const files = { certificateFile: join(directory, 'server.crt'), keyFile: join(directory, 'server.key') }
  return { store: new FakeAuthorityStore(), keys: memoryKeys(), record: new FakeRecord(), files }
}

type World = ReturnType<typeof newWorld>

const openServing = async (world: World) => (await openAll(world)).serving

async function openAll({ store, keys, record, files }: World) {
  const authorities = await Authorities.open(
    { store, keys, clock, random, log: silentLog, publish: async () => {} },
    OPTIONS,
  )
  const signer = new LeafSigner({ authorities, record, clock, random, backdate: 120, verifySample: 0 })
  const deps: ServingDeps = { signer, authorities, clock, log: silentLog }
  const serving = await ServingCertificate.open(deps, { names: NAMES, ttlSeconds: 3600, passphrase: null, ...files })
  stop = () => serving.stop()
  return { serving, authorities }
}

test('the pair of the last start serves on, also where authorities stand between the signer and its root', async () => {
  const world = newWorld()
  await openServing(world)
  stop()
  const { certificate } = (await testAuthorities(KEY_TYPE, clock.now())).intermediate.authority
  world.store.authorities = world.store.authorities.map((one) =>
    one.kind === 'intermediate' ? { ...one, chain: [certificate] } : one,
  )
  const first = (await openServing(world)).current()
  stop()
  assert.ok(first.cert.endsWith(certificate), 'clients get the whole chain')
  assert.deepEqual((await openServing(world)).current(), first)
})

test('renewals that are asked for while one runs follow it, and the last pair is the one on disk', async () => {
  const world = newWorld()
  const serving = await openServing(world)
  const first = serving.renew()
  await setImmediate()
  await Promise.all([first, serving.renew(), serving.renew()])
  const leaf = new X509Certificate(readFileSync(world.files.certificateFile))
  assert.ok(leaf.checkPrivateKey(createPrivateKey(readFileSync(world.files.keyFile))), 'what is on disk is a pair')
  assert.equal(leaf.serialNumber, new X509Certificate(serving.current().cert).serialNumber)
  assert.equal(world.record.intents.length, 3, 'the first start, one renewal, and one for all who came while it ran')
})

for (const code of ['key.unavailable', 'issue.not_recorded'] as const)
  test(`${code} at the start: the old pair serves on, and is renewed as soon as that can be`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const world = newWorld()
    const before = (await openServing(world)).current()
    stop()
    clock.advance(2_000_000)
    world.record.failWith = new AppError(code, 'not now')
    const serving = await openServing(world)
    assert.equal(serving.current().cert, before.cert)
    world.record.failWith = null
    const renewed = new Promise<void>((resolve) => serving.onChange(resolve))
    t.mock.timers.tick(30_000)
    await renewed
    assert.notEqual(serving.current().cert, before.cert)
  })

test('a renewal for other authorities that failed is tried again, long before half its life is over', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const world = newWorld()
  const { serving, authorities } = await openAll(world)
  const { certificate } = (await testAuthorities(KEY_TYPE, clock.now())).intermediate.authority
  const change = world.store.authorities.filter(({ kind }) => kind === 'intermediate')
  const next = {
    authorities: change.map((one) => ({ ...one, chain: [certificate] })),
    rotations: [],
    bundleSequence: 1,
  }
  await authorities.commit(next, { actor: 'test', action: 'test' })
  const renewed = new Promise<void>((resolve) => serving.onChange(resolve))
  t.mock.timers.tick(30_000)
  await renewed
  assert.ok(serving.current().cert.endsWith(certificate))
})
