import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority, Rotation } from '../../../src/ca/authority.ts'
import type { Crl } from '../../../src/ca/crl/crl.ts'
import type { DenyEntry } from '../../../src/ca/deny/deny-list.ts'
import { aToken, NOW, testStore } from '../../support/store.ts'

const root: Authority = {
  id: 'a'.repeat(40),
  kind: 'root',
  state: 'active',
  keyType: 'ec-p256',
  notBefore: NOW / 1000,
  notAfter: NOW / 1000 + 1000,
  issuer: 'a'.repeat(40),
  certificate: '-----BEGIN CERTIFICATE-----\n…\n',
  createdAt: NOW,
  changedAt: NOW,
  publishedSequence: 1,
  chain: [],
}

test('join tokens are found by hash, listed newest first in pages, and revoked once', async (t) => {
  const { store } = await testStore(t)
  const tokens = [aToken(), aToken(), aToken({ uses: 5 })]
  for (const token of tokens) await store.createToken(token)
  const [first, second, third] = tokens
  assert.deepEqual(await store.findTokenByHash(second?.hash ?? Buffer.alloc(0)), second)
  assert.equal(await store.findTokenByHash(Buffer.alloc(32)), null)
  const page = await store.listTokens({ limit: 2 })
  assert.deepEqual(page.items, [third, second])
  assert.deepEqual(await store.listTokens({ limit: 2, after: page.next ?? '' }), { items: [first], next: null })
  assert.equal(await store.revokeToken(first?.id ?? '', 'local'), true)
  assert.equal(await store.revokeToken(first?.id ?? '', 'local'), true)
  assert.equal(await store.revokeToken('nobody', 'local'), false)
  assert.equal((await store.findTokenByHash(first?.hash ?? Buffer.alloc(0)))?.revoked, true)
  await assert.rejects(store.createToken(tokens[0] ?? aToken()), { code: 'resource.conflict' })
  const actions = (await store.listAdminActions({ limit: 10 })).items.map(({ action, target }) => [action, target])
  assert.deepEqual(actions, [
    ['token.revoke', first?.id],
    ['token.create', third?.id],
    ['token.create', second?.id],
    ['token.create', first?.id],
  ])
})

test('a denial is stored once, with one admin record', async (t) => {
  const { store, file } = await testStore(t)
  const entry: DenyEntry = {
    kind: 'serial',
    value: '0'.repeat(32),
    reason: 'lost',
    reasonCode: 'keyCompromise',
    at: NOW,
    actor: 'local',
    notAfter: NOW / 1000 + 3600,
  }
  await store.addDenied(entry)
  assert.deepEqual(await store.addDenied({ ...entry, reason: 'again' }), entry)
  const { items } = await store.listAdminActions({ limit: 10 })
  assert.deepEqual(items, [
    { at: NOW, actor: 'local', action: 'cert.revoke', target: entry.value, detail: { reason: 'lost' } },
  ])
  await store.close()
  assert.deepEqual(await (await testStore(t, { file })).store.loadDenied(), [entry])
})

test('authorities change together with the sequence of the bundle and an admin record', async (t) => {
  const { store, file } = await testStore(t)
  assert.deepEqual(await store.loadAuthorities(), { authorities: [], rotations: [], bundleSequence: 0 })
  const who = { actor: 'local', at: NOW }
  const next: Authority = { ...root, id: 'b'.repeat(40), state: 'prepared', createdAt: NOW + 1 }
  await store.saveAuthorities({ authorities: [root], bundleSequence: 1, action: 'authority.create', ...who })
  const draining: Authority = { ...root, state: 'draining' }
  await store.saveAuthorities({ authorities: [draining, next], bundleSequence: 2, action: 'authority.rotate', ...who })
  await store.close()
  const again = (await testStore(t, { file })).store
  assert.deepEqual(await again.loadAuthorities(), { authorities: [draining, next], rotations: [], bundleSequence: 2 })
  const [newest] = (await again.listAdminActions({ limit: 1 })).items
  assert.deepEqual(newest, {
    ...who,
    action: 'authority.rotate',
    target: `${root.id} ${next.id}`,
    detail: { bundleSequence: 2 },
  })
})

test('admin records are listed newest first, in pages', async (t) => {
  const { store } = await testStore(t)
  const detail = { text: 'a\nb', count: 2, flag: true, nothing: null }
  for (const target of ['1', '2', '3'])
    await store.appendAdminAction({ at: NOW, actor: 'x', action: 'y', target, detail })
  const first = await store.listAdminActions({ limit: 2 })
  assert.deepEqual(
    first.items.map(({ target }) => target),
    ['3', '2'],
  )
  const second = await store.listAdminActions({ limit: 2, after: first.next ?? '' })
  assert.deepEqual(second, { items: [{ at: NOW, actor: 'x', action: 'y', target: '1', detail }], next: null })
})

test('authorities and rotations that are forgotten are gone with the CRL of one, and the record names them', async (t) => {
  const { store } = await testStore(t)
  const who = { actor: 'local', reason: 'because', at: NOW }
  const other = { ...root, id: 'b'.repeat(40), issuer: 'b'.repeat(40) }
  const ended = { ...rotationTo(other.id), state: 'done', endedAt: NOW } as const
  const both = { authorities: [root, other], rotations: [ended], bundleSequence: 1 }
  await store.saveAuthorities({ ...both, action: 'authority.create', ...who })
  for (const { id } of [root, other]) await store.saveCrl(crlOf(id), NOW)
  const forgotten = [other.id, ended.id]
  const change = { authorities: [], rotations: [], bundleSequence: 1, forgotten }
  await store.saveAuthorities({ ...change, action: 'authority.forget', ...who })
  assert.deepEqual(await store.loadAuthorities(), { authorities: [root], rotations: [], bundleSequence: 1 })
  assert.deepEqual(
    (await store.loadCrls()).map(({ authority }) => authority),
    [root.id],
  )
  const [last] = (await store.listAdminActions({ limit: 1 })).items
  assert.deepEqual([last?.action, last?.target], ['authority.forget', forgotten.join(' ')])
})

test('every rotation is loaded, those that run first, then the newest', async (t) => {
  const { store } = await testStore(t)
  const ended = Array.from({ length: 120 }, (_, index) => {
    return { ...rotationTo(`r${index}`), startedAt: index, state: 'aborted', endedAt: NOW } as const
  })
  const rotations = [...ended, rotationTo('running')]
  await store.saveAuthorities({ authorities: [], rotations, bundleSequence: 1, actor: 'a', action: 'x', at: NOW })
  const ids = (await store.loadAuthorities()).rotations.map(({ id }) => id)
  assert.deepEqual([ids.length, ids[0], ids[1], ids[120]], [121, 'rot_running', 'rot_r119', 'rot_r0'])
})

function rotationTo(id: string): Rotation {
  const none = { activatedAt: null, endedAt: null, forced: false }
  const told = { reason: 'r', actor: 'a', startedAt: 0 }
  return { id: `rot_${id}`, kind: 'root', from: 'a', to: id, state: 'distributing', ...told, ...none }
}

function crlOf(authority: string): Crl {
  const times = { thisUpdate: NOW / 1000, nextUpdate: NOW / 1000 + 60 }
  return { authority, number: 1, ...times, entries: 0, mark: 0, der: Buffer.from('CRL') }
}
