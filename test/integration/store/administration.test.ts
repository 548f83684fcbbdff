import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../src/ca/authority.ts'
import type { DenyEntry } from '../../../src/ca/deny-list.ts'
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
