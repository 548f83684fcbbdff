import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { RelationshipRequest } from '../../../../src/ca/federation/check-relationship.ts'
import { Federation } from '../../../../src/ca/federation/federation.ts'
import type { FetchContext } from '../../../../src/ca/federation/fetch-foreign-bundle.ts'
import { ForeignBundleError } from '../../../../src/ca/federation/foreign-bundle-error.ts'
import { pollAfter } from '../../../../src/ca/federation/member.ts'
import { parseForeignBundle } from '../../../../src/ca/federation/parse-foreign-bundle.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { toPem } from '../../../../src/pki/pem.ts'
import { FakeClock, FakeFederationStore } from '../../../support/fakes.ts'
import { bundleText, foreignRoot, newForeignAuthority, PARTNER } from '../../../support/foreign-bundle.ts'
import { NOW } from '../../../support/store.ts'

const FIRST = foreignRoot(newForeignAuthority('First'))
const SECOND = foreignRoot(newForeignAuthority('Second'))
const SERVER = `spiffe://${PARTNER}/spire/server`
const WEB: RelationshipRequest = { trustDomain: PARTNER, url: 'https://partner.example/', profile: 'https_web' }
const SPIFFE: RelationshipRequest = {
  ...WEB,
  profile: 'https_spiffe',
  endpointSpiffeId: SERVER,
  bundle: bundleText([FIRST]),
}

async function openWorld(t: TestContext, store = new FakeFederationStore()) {
  const answers: (string | Error)[] = []
  const asked: FetchContext[] = []
  const clock = new FakeClock(NOW)
  const federation = await Federation.open({
    store,
    fetch: async (_relationship, context) => {
      asked.push(context)
      const answer = answers.shift() ?? new ForeignBundleError('nobody answers')
      if (typeof answer === 'string') return Buffer.from(answer)
      throw answer
    },
    ownTrustDomains: ['cluster.local', 'old.local'],
    ownRoots: () => ['OWN'],
    clock,
    log: silentLog,
  })
  t.after(() => federation.close())
  const roots = (trustDomain = PARTNER) => federation.rootsOf(trustDomain).map(({ der }) => der)
  return { federation, store, answers, asked, roots, clock }
}

test('F-9, F-22: what is fetched counts and is kept, under its own name', async (t) => {
  const { federation, answers, roots, store } = await openWorld(t)
  answers.push(bundleText([FIRST]))
  const { state, sequence, fetchedAt } = await federation.add(WEB, 'local')
  assert.deepEqual([state, sequence, fetchedAt], ['ok', '1', NOW])
  assert.deepEqual([roots(), roots('other.example')], [[FIRST], []])
  assert.equal(store.relationships.get(PARTNER)?.bundle?.document, bundleText([FIRST]))
})

test('a failure leaves the last good bundle; it comes back after a restart', async (t) => {
  const { federation, answers, roots, store } = await openWorld(t)
  answers.push(bundleText([FIRST]))
  await federation.add(WEB, 'local')
  for (const bad of [new ForeignBundleError('down'), '<html>', bundleText([FIRST], { spiffe_refresh_hint: 'x' })]) {
    answers.push(bad)
    assert.equal((await federation.refresh(PARTNER)).state, 'failing')
    assert.deepEqual(roots(), [FIRST])
  }
  assert.deepEqual((await openWorld(t, store)).roots(), [FIRST])
})

const after: readonly (readonly [string, object, boolean])[] = [
  ['a higher sequence is taken', { spiffe_sequence: 8 }, true],
  ['the same sequence is taken: the last fetched wins', { spiffe_sequence: 7 }, true],
  ['no sequence is taken', { spiffe_sequence: undefined }, true],
  ['a lower sequence never is', { spiffe_sequence: 6 }, false],
]
for (const [title, change, isTaken] of after) {
  test(`F-22: after sequence 7, ${title}`, async (t) => {
    const { federation, answers, roots } = await openWorld(t)
    answers.push(bundleText([FIRST], { spiffe_sequence: 7 }), bundleText([SECOND], change))
    await federation.add(WEB, 'local')
    const { version } = federation
    await federation.refresh(PARTNER)
    assert.deepEqual(roots(), isTaken ? [SECOND] : [FIRST])
    assert.equal(federation.version > version, isTaken)
  })
}

test('B-9: a bundle without keys takes the trust away', async (t) => {
  const { federation, answers, roots } = await openWorld(t)
  answers.push(bundleText([FIRST]), bundleText([], { spiffe_sequence: 2 }))
  await federation.add(WEB, 'local')
  assert.equal((await federation.refresh(PARTNER)).state, 'ok')
  assert.deepEqual(roots(), [])
})

test('F-16: the first answer is verified by the given bundle, each later one by the newest', async (t) => {
  const { federation, answers, asked } = await openWorld(t)
  answers.push(bundleText([FIRST, SECOND], { spiffe_sequence: 2 }), bundleText([SECOND], { spiffe_sequence: 3 }))
  await federation.add(SPIFFE, 'local')
  await federation.refresh(PARTNER)
  const pems = (...ders: readonly Buffer[]) => ders.map((der) => toPem('CERTIFICATE', der))
  assert.deepEqual(
    asked.map(({ roots }) => roots),
    [pems(FIRST), pems(FIRST, SECOND)],
  )
})

test('F-17: an endpoint of another trust domain is verified by the bundle of that one', async (t) => {
  const { federation, asked } = await openWorld(t)
  const { bundle, ...others } = SPIFFE
  await federation.add({ ...others, endpointSpiffeId: 'spiffe://cluster.local/hub' }, 'local')
  await federation.add({ ...others, trustDomain: 'b.example', endpointSpiffeId: 'spiffe://c.example/hub' }, 'local')
  assert.deepEqual(
    asked.map(({ roots }) => roots),
    [['OWN'], []],
  )
})

test('F-23: removed, nothing of it is left', async (t) => {
  const { federation, answers, roots, store } = await openWorld(t)
  answers.push(bundleText([FIRST]))
  await federation.add(WEB, 'local')
  await federation.remove(PARTNER, 'local')
  assert.deepEqual([roots(), federation.list(), store.relationships.size], [[], [], 0])
  await assert.rejects(federation.remove(PARTNER, 'local'), { code: 'resource.not_found' })
  await assert.rejects(federation.refresh(PARTNER), { code: 'resource.not_found' })
})

test('removed while it is being added, it is not believed', async (t) => {
  const { federation, answers, roots, store } = await openWorld(t)
  answers.push(bundleText([FIRST]))
  const added = federation.add(WEB, 'local')
  await federation.remove(PARTNER, 'local')
  await assert.rejects(added, { code: 'resource.not_found' })
  assert.deepEqual([roots(), store.relationships.size], [[], 0])
})

const malformed: readonly (readonly [string, Partial<RelationshipRequest>])[] = [
  ['F-4: plain http', { url: 'http://partner.example/' }],
  ['F-4: userinfo', { url: 'https://me:secret@partner.example/' }],
  ['no URL', { url: 'https://' }],
  ['a bad trust domain', { trustDomain: 'Partner.example' }],
  ['our own trust domain', { trustDomain: 'cluster.local' }],
  ['an alias of ours', { trustDomain: 'old.local' }],
  ['an identity with https_web', { endpointSpiffeId: SERVER }],
  ['F-6: no identity with https_spiffe', { profile: 'https_spiffe', bundle: bundleText([FIRST]) }],
  ['F-16: no bundle with https_spiffe', { profile: 'https_spiffe', endpointSpiffeId: SERVER }],
  ['an identity without a path', { ...SPIFFE, endpointSpiffeId: `spiffe://${PARTNER}` }],
  [
    'a bundle of another trust domain',
    { ...SPIFFE, bundle: bundleText([foreignRoot(newForeignAuthority('x'), { uris: ['spiffe://x'] })]) },
  ],
]
for (const [title, change] of malformed) {
  test(`${title} is request.malformed`, async (t) => {
    const { federation, store } = await openWorld(t)
    await assert.rejects(federation.add({ ...WEB, ...change }, 'local'), { code: 'request.malformed' })
    assert.equal(store.relationships.size, 0)
  })
}

test('F-19: after a failure it waits for the next interval', async (t) => {
  const { federation, answers, clock } = await openWorld(t)
  answers.push(bundleText([FIRST], { spiffe_refresh_hint: 600 }))
  await federation.add(WEB, 'local')
  clock.advance(60_000)
  const { state, nextFetchAt, fetchedAt } = await federation.refresh(PARTNER)
  assert.deepEqual([state, fetchedAt, nextFetchAt], ['failing', NOW, NOW + 660_000])
})

test('it is stale when its server has missed two turns', async (t) => {
  const { federation, answers, clock } = await openWorld(t)
  assert.equal((await federation.add(WEB, 'local')).freshUntil, null)
  assert.equal(federation.bundleOf(PARTNER), null)
  answers.push(bundleText([FIRST], { spiffe_refresh_hint: 600 }))
  await federation.refresh(PARTNER)
  clock.advance(2_000_000)
  assert.equal((await federation.refresh(PARTNER)).freshUntil, NOW + 1_200_000)
  assert.equal(federation.bundleOf(PARTNER)?.freshUntil, NOW + 1_200_000)
})

test('F-21, F-23: who watches is told of what workloads get, and of nothing else', async (t) => {
  const { federation, answers } = await openWorld(t)
  const seen: (string | undefined)[] = []
  const stop = federation.onChange(() => seen.push(federation.bundleOf(PARTNER)?.pem))
  const pem = (der: Buffer) => toPem('CERTIFICATE', der)
  answers.push(bundleText([FIRST]), bundleText([FIRST]), new ForeignBundleError('down'), bundleText([SECOND]))
  await federation.add(WEB, 'local')
  for (let i = 0; i < 3; i++) await federation.refresh(PARTNER)
  await federation.remove(PARTNER, 'local')
  assert.deepEqual(seen, [undefined, pem(FIRST), pem(SECOND), undefined])
  stop()
  await federation.add(WEB, 'local')
  assert.equal(seen.length, 4)
})

test('F-20: the bundles of two trust domains stay two', async (t) => {
  const { federation, answers } = await openWorld(t)
  const unnamed = foreignRoot(newForeignAuthority('Third'), { uris: [] })
  answers.push(bundleText([FIRST]), bundleText([unnamed]))
  await federation.add(WEB, 'local')
  await federation.add({ ...WEB, trustDomain: 'b.example' }, 'local')
  assert.equal(federation.bundleOf(PARTNER)?.pem, toPem('CERTIFICATE', FIRST))
  assert.equal(federation.bundleOf('b.example')?.pem, toPem('CERTIFICATE', unnamed))
  assert.equal(federation.bundleOf('cluster.local'), null)
})

test('F-18: polled at the hint, within bounds; every five minutes without one', () => {
  const waits = [undefined, 0, 59, 300, 7200].map((hint) => {
    return pollAfter(parseForeignBundle(Buffer.from(bundleText([], { spiffe_refresh_hint: hint })), PARTNER)) / 1000
  })
  assert.deepEqual(waits, [300, 60, 60, 300, 3600])
  assert.equal(pollAfter(null), 300_000)
})
