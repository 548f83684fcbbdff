import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Crl } from '../../../src/ca/crl/crl.ts'
import type { DenyEntry } from '../../../src/ca/deny/deny-list.ts'
import { findLive, type KeyQuery } from '../../../src/ca/deny/find-live.ts'
import type { Revocation } from '../../../src/ca/deny/revocations.ts'
import { seedRecord } from '../../support/seed-record.ts'
import { anIntent, databaseFile, NOW, testStore } from '../../support/store.ts'

const DAY = 86_400

function anEntry(change: Partial<DenyEntry> = {}): DenyEntry {
  return {
    kind: 'identity',
    value: 'spiffe://cluster.local/ns/default/sa/web',
    reason: 'test',
    reasonCode: 'privilegeWithdrawn',
    at: NOW,
    actor: 'local',
    notAfter: null,
    ...change,
  }
}

test('the deny list is listed newest first in pages, and survives a restart', async (t) => {
  const { store, file } = await testStore(t)
  const entries = ['a', 'b', 'c'].map((name) => anEntry({ value: `spiffe://cluster.local/${name}` }))
  for (const entry of entries) await store.addDenied(entry)
  const [first, second, third] = entries
  const page = await store.listDenied({ limit: 2 })
  assert.deepEqual(page.items, [third, second])
  assert.deepEqual(await store.listDenied({ limit: 2, after: page.next ?? '' }), { items: [first], next: null })
  await store.close()
  assert.deepEqual(await (await testStore(t, { file })).store.loadDenied(), entries)
})

test('an entry is settled once and removed once, each with its admin record', async (t) => {
  const { store } = await testStore(t)
  const entry = anEntry()
  const by = { kind: entry.kind, value: entry.value, actor: 'local', at: NOW + 1 }
  await store.addDenied(entry)
  assert.deepEqual(await store.loadUnsettled(), [entry])
  await store.settleDenied({ ...by, certificates: 7 })
  await store.settleDenied({ ...by, certificates: 8 })
  assert.deepEqual(await store.loadUnsettled(), [])
  assert.equal(await store.removeDenied(by), true)
  assert.equal(await store.removeDenied(by), false)
  const { items } = await store.listAdminActions({ limit: 10 })
  assert.deepEqual(
    items.map(({ action, target, detail }) => [action, target, detail]),
    [
      ['identity.allow', entry.value, {}],
      ['cert.revoke', entry.value, { certificates: 7 }],
      ['identity.deny', entry.value, { reason: 'test' }],
    ],
  )
})

test('the entry of a serial goes a day after its certificate has ended; others stay', async (t) => {
  const { store } = await testStore(t)
  const serial = anEntry({ kind: 'serial', value: '0'.repeat(32), notAfter: NOW / 1000 })
  const identity = anEntry()
  for (const entry of [serial, identity]) await store.addDenied(entry)
  const last = anEntry({ kind: 'key', value: 'ab'.repeat(32), at: NOW + (DAY + 1) * 1000 })
  await store.addDenied(last)
  assert.deepEqual(await store.loadDenied(), [identity, last])
})

function aRevocation(n: number, change: Partial<Revocation> = {}): Revocation {
  return {
    serial: n.toString(16).padStart(32, '0'),
    authority: 'a'.repeat(40),
    notAfter: NOW / 1000 + 3600,
    revokedAt: NOW / 1000,
    reason: 'keyCompromise',
    ...change,
  }
}

test('a certificate is revoked once, and forgotten a day after its end', async (t) => {
  const { store, file } = await testStore(t)
  const batch = { revocations: [aRevocation(1), aRevocation(2)], now: NOW }
  const first = await store.revoke(batch)
  assert.deepEqual(
    first.added.map(({ number, serial }) => [number, serial]),
    batch.revocations.map(({ serial }, i) => [i + 1, serial]),
  )
  const second = await store.revoke({ revocations: [aRevocation(2), aRevocation(3)], now: NOW })
  assert.deepEqual([second.added.length, second.left], [1, 0])
  await store.close()
  const again = (await testStore(t, { file })).store
  assert.deepEqual(await again.loadRevoked(), [...first.added, ...second.added])
  await again.revoke({ revocations: [aRevocation(4)], now: NOW + (3600 + DAY + 1) * 1000 })
  assert.deepEqual(
    (await again.loadRevoked()).map(({ number }) => number),
    [4], // numbers are never used again
  )
})

test('there is room for 50,000', async (t) => {
  const { store } = await testStore(t)
  const revocations = Array.from({ length: 50_001 }, (_, i) => aRevocation(i + 1))
  const { added, left } = await store.revoke({ revocations, now: NOW })
  assert.deepEqual([added.length, left], [50_000, 1])
  assert.deepEqual(await store.revoke({ revocations: [aRevocation(7)], now: NOW }), { added: [], left: 0 })
})

test('the last CRL of an authority is kept, and its number only ascends', async (t) => {
  const { store, file } = await testStore(t)
  const times = { thisUpdate: NOW / 1000, nextUpdate: NOW / 1000 + DAY }
  const crl: Crl = {
    authority: 'a'.repeat(40),
    number: 5,
    ...times,
    entries: 1,
    mark: 3,
    der: Buffer.from('3000', 'hex'),
  }
  await store.saveCrl(crl, NOW)
  await store.saveCrl({ ...crl, number: 6 }, NOW)
  await assert.rejects(store.saveCrl(crl, NOW))
  await store.close()
  assert.deepEqual(await (await testStore(t, { file })).store.loadCrls(), [{ ...crl, number: 6 }])
})

test('certificates are found by their key as long as they live, whatever the clock said when they were issued', async (t) => {
  const { store } = await testStore(t)
  const spki = Buffer.alloc(32, 7)
  const wanted = [anIntent({ spkiSha256: spki }), anIntent({ spkiSha256: spki, issuedAt: NOW + 86_400_000 })]
  const others = [anIntent({ spkiSha256: spki, notAfter: NOW / 1000 }), anIntent({ issuedAt: NOW - 90 * 86_400_000 })]
  for (const intent of [...wanted, ...others]) await store.recordIntent(intent)
  const query: KeyQuery = { spkiSha256: spki.toString('hex'), now: NOW }
  const { items, next } = await store.findIssuedByKey(query)
  assert.deepEqual(
    items.map(({ serial }) => serial),
    wanted.map(({ serial }) => serial.toString('hex')),
  )
  assert.ok(items.every(({ identity, authority }) => identity.startsWith('spiffe://') && authority.length === 40))
  assert.equal(next, null)
})

test('what had expired is found again when the clock was set back', async (t) => {
  const { store } = await testStore(t)
  const spki = Buffer.alloc(32, 7)
  const intent = anIntent({ spkiSha256: spki })
  await store.recordIntent(intent)
  const found = async (now: number) =>
    (await store.findIssuedByKey({ spkiSha256: spki.toString('hex'), now })).items.length
  assert.equal(await found(NOW), 1)
  assert.equal(await found(intent.notAfter * 1000), 0)
  assert.equal(await found(NOW), 1)
})

test('a key is looked for part by part, and what was seen to have expired is passed over the next time', async (t) => {
  const file = await databaseFile(t)
  seedRecord(file, { rows: 50_000, identities: 10, now: NOW }) // one a second, each lives an hour
  const { store } = await testStore(t, { file })
  const spki = Buffer.alloc(32, 7)
  await store.recordIntent(anIntent({ spkiSha256: spki }))
  const walk = async () => {
    const parts: number[] = []
    const target = { kind: 'key', value: spki.toString('hex') } as const
    for await (const { length } of findLive(store, target, { now: NOW, since: NOW })) parts.push(length)
    return parts
  }
  assert.deepEqual(await walk(), [0, 0, 1])
  assert.deepEqual(await walk(), [1])
})
