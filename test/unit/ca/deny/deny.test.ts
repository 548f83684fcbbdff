import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { Deny } from '../../../../src/ca/deny/deny.ts'
import { DenyList } from '../../../../src/ca/deny/deny-list.ts'
import type { KeyQuery } from '../../../../src/ca/deny/find-live.ts'
import type { IssuedQuery, IssuedRow } from '../../../../src/ca/record.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { type CrlWorld, newCrlWorld } from '../../../support/crl.ts'
import { FakeDenyStore } from '../../../support/fakes.ts'
import { NOW } from '../../../support/store.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const OWN = 'spiffe://cluster.local/ns/istio-system/sa/alcazar'
const KEY = 'ab'.repeat(32)
const serialOf = (n: number) => n.toString(16).padStart(32, '0')

/** A record in memory that answers two rows at a time. */
class FakeIssued {
  readonly rows: IssuedRow[] = []

  async listIssued({ identity, serial, since = 0, after = '0' }: IssuedQuery) {
    const found = this.rows.filter((row) => {
      const isOf = identity === undefined ? row.serial === serial : row.identity === identity
      return isOf && row.issuedAt >= since
    })
    const from = Number(after)
    return { items: found.slice(from, from + 2), next: from + 2 < found.length ? String(from + 2) : null }
  }

  async findIssuedByKey({ spkiSha256, after = 0 }: KeyQuery) {
    const found = this.rows.filter((row) => row.spkiSha256 === spkiSha256 && row.notAfter > NOW / 1000)
    return { items: found.slice(after, after + 2), next: after + 2 < found.length ? after + 2 : null }
  }

  add(change: Partial<IssuedRow> = {}): string {
    const row: IssuedRow = {
      kind: 'certificate',
      serial: serialOf(this.rows.length + 1),
      identity: WEB,
      notBefore: NOW / 1000 - 60,
      notAfter: NOW / 1000 + 3600,
      issuedAt: NOW - 1000,
      attestor: 'jwt',
      subject: 'web',
      authority: 'a'.repeat(40),
      spkiSha256: KEY,
      csrSha256: KEY,
      peer: 'local',
      bundleSequence: 1,
      outcome: 'issued',
      ...change,
    }
    this.rows.push(row)
    return row.serial
  }
}

interface World extends CrlWorld {
  readonly deny: Deny
  readonly list: DenyList
  readonly denyStore: FakeDenyStore
  readonly record: FakeIssued
  readonly renewed: number[]
  /** The service cannot give itself another certificate. */
  isBroken: boolean
}

async function newWorld(denyStore = new FakeDenyStore()): Promise<World> {
  const crl = await newCrlWorld(NOW)
  const list = await DenyList.open(denyStore)
  const record = new FakeIssued()
  const world: World = Object.assign(crl, {
    list,
    denyStore,
    record,
    renewed: [],
    isBroken: false,
    deny: undefined as never,
  })
  const { intermediate } = crl.authorities
  const jwt = { ...intermediate.authority, id: 'b'.repeat(40), kind: 'jwt' as const }
  const deny = new Deny({
    list,
    revocations: crl.revocations,
    store: denyStore,
    record,
    authorities: () => [...crl.deps.authorities(), jwt],
    refreshCrls: (reason) => crl.publisher.refresh(reason),
    own: { identity: OWN, trustDomain: 'cluster.local', aliases: ['old.local'] },
    renewOwn: async () => {
      if (world.isBroken) throw new Error('no authority')
      world.renewed.push(NOW)
    },
    clock: crl.clock,
    log: silentLog,
  })
  return Object.assign(world, { deny })
}

describe('denying', () => {
  let world: World
  beforeEach(async () => {
    world = await newWorld()
  })
  const by = { reason: 'test', actor: 'local' }
  const revoked = () => world.store.revoked.map(({ serial }) => serial)

  test('an identity: nothing more for it, and each valid certificate of it is revoked', async () => {
    const serials = [world.record.add(), world.record.add(), world.record.add()]
    world.record.add({ notAfter: NOW / 1000 - 1 })
    world.record.add({ identity: `${WEB}2` })
    const { entry, certificates } = await world.deny.add({ ...by, kind: 'identity', value: WEB })
    assert.deepEqual([entry.reasonCode, entry.notAfter, certificates], ['privilegeWithdrawn', null, 3])
    assert.ok(world.list.has('identity', WEB))
    assert.deepEqual(revoked(), serials)
  })

  test('a key: the same; JWTs that the record has are no certificates', async () => {
    const serials = [world.record.add(), world.record.add({ identity: `${WEB}2` }), world.record.add()]
    world.record.add({ authority: 'b'.repeat(40) })
    world.record.add({ spkiSha256: 'cd'.repeat(32) })
    const { entry, certificates } = await world.deny.add({ ...by, kind: 'key', value: KEY })
    assert.deepEqual([entry.reasonCode, certificates], ['keyCompromise', 3])
    assert.deepEqual(revoked(), serials)
  })

  test('a serial: that one, with the reason that was given; it must have been issued', async () => {
    const serial = world.record.add({ authority: world.authorities.intermediate.authority.id })
    world.record.add()
    await world.deny.add({ ...by, kind: 'serial', value: serial, reasonCode: 'superseded' })
    assert.deepEqual(revoked(), [serial])
    assert.equal(world.store.revoked[0]?.reason, 'superseded')
    const ofIssuer = world.publisher.current().states.find(({ kind }) => kind === 'intermediate')
    assert.equal(ofIssuer?.crl?.entries, 1) // at once
    const unknown = world.deny.add({ ...by, kind: 'serial', value: serialOf(99) })
    await assert.rejects(unknown, { code: 'resource.not_found' })
  })

  test('it can be repeated: the first entry stays, and what is new is revoked', async () => {
    const first = await world.deny.add({ ...by, kind: 'identity', value: WEB })
    const serial = world.record.add()
    const second = await world.deny.add({ ...by, reason: 'again', kind: 'identity', value: WEB })
    assert.deepEqual(second.entry, first.entry)
    assert.deepEqual(revoked(), [serial])
  })

  test('an identity is denied by the name that it is issued under', async () => {
    await world.deny.add({ ...by, kind: 'identity', value: WEB.replace('cluster.local', 'old.local') })
    assert.ok(world.list.has('identity', WEB))
    await world.deny.remove({ kind: 'identity', value: WEB }, 'local')
  })

  for (const [value, code] of [
    ['spiffe://cluster.local', 'request.malformed'],
    ['not an id', 'request.malformed'],
    [OWN, 'resource.conflict'],
  ] as const) {
    test(`the identity \`${value}\` is refused`, async () => {
      await assert.rejects(world.deny.add({ ...by, kind: 'identity', value }), { code })
      assert.deepEqual(world.denyStore.entries, [])
    })
  }

  test('a revoked certificate of the service is replaced', async () => {
    const serial = world.record.add({ identity: OWN })
    await world.deny.add({ ...by, kind: 'serial', value: serial })
    assert.equal(world.renewed.length, 1)
  })

  test('a certificate of the service that cannot be replaced is revoked all the same, and replaced later', async () => {
    const { id } = world.authorities.intermediate.authority
    const serial = world.record.add({ identity: OWN, authority: id })
    world.isBroken = true
    const { certificates } = await world.deny.add({ ...by, kind: 'serial', value: serial })
    assert.equal(certificates, 1)
    const ofIssuer = world.publisher.current().states.find(({ authority }) => authority === id)
    assert.equal(ofIssuer?.crl?.entries, 1)
    world.isBroken = false
    await world.deny.finish()
    assert.equal(world.renewed.length, 1)
    await world.deny.finish()
    assert.equal(world.renewed.length, 1)
  })

  test('taken back, an identity may have new certificates, and the old ones stay revoked', async () => {
    const serial = world.record.add()
    await world.deny.add({ ...by, kind: 'identity', value: WEB })
    await world.deny.remove({ kind: 'identity', value: WEB }, 'local')
    assert.ok(!world.list.has('identity', WEB))
    assert.ok(world.revocations.has(serial))
    const again = world.deny.remove({ kind: 'identity', value: WEB }, 'local')
    await assert.rejects(again, { code: 'resource.not_found' })
  })

  test('a serial is not taken back', async () => {
    const serial = world.record.add()
    await world.deny.add({ ...by, kind: 'serial', value: serial })
    await assert.rejects(world.deny.remove({ kind: 'serial', value: serial }, 'local'), { code: 'resource.conflict' })
    assert.ok(world.list.has('serial', serial))
  })

  test('what a crash or a lack of room left open is finished later, once', async () => {
    const serials = [world.record.add(), world.record.add(), world.record.add()]
    world.store.room = 2
    const { certificates } = await world.deny.add({ ...by, kind: 'identity', value: WEB })
    assert.equal(certificates, 2)
    assert.ok(world.list.has('identity', WEB))
    world.store.room = 10
    await world.deny.finish()
    assert.deepEqual(revoked().toSorted(), serials.toSorted())
    assert.deepEqual(await world.denyStore.loadUnsettled(), [])
  })
})
