import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { aPeerAuthentication, aPolicy, aWorkload } from '../../support/resources.ts'
import { askResources, changesOf, storedNames } from '../../support/resources-api.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer } from '../../support/service-api.ts'

const YAML = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: yaml, namespace: shop }
spec: { action: DENY, rules: [{ from: [{ source: { notNamespaces: [shop] } }] }] }
---
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: { name: yaml, namespace: shop }
spec: { mtls: { mode: STRICT } }
`
const bad = {
  ...aPolicy('bad'),
  spec: { action: 'DENY', rules: [{ from: [{ source: { princpals: ['cluster.local/ns/a/sa/b'] } }] }] },
}

describe('/v1/resources', () => {
  let service: Service
  before(async () => {
    service = await startService()
  })
  after(() => service.stop())
  const ask = (request: Parameters<typeof askResources>[1]) => askResources(service, request)
  const apply = (body: unknown, headers = {}) => ask({ method: 'POST', body, headers })
  const one = (name: string) => `/resources/AuthorizationPolicy/shop/${name}`
  const version = async () => (await apply(aPolicy('stays'))).json.version ?? 0

  test('one object, a list, YAML documents: what changed, and the version of the set', async () => {
    const before = await version()
    const first = await apply(aPolicy('one'))
    assert.deepEqual([first.status, changesOf(first)], [200, ['AuthorizationPolicy/one created']])
    assert.equal(first.json.version, before + 1)
    const list = await apply([aPolicy('one', 'shop', '/b'), aWorkload('w', { address: '10.0.0.1' })])
    assert.deepEqual(changesOf(list), ['AuthorizationPolicy/one updated', 'WorkloadEntry/w created'])
    const yaml = await apply(YAML)
    assert.deepEqual(changesOf(yaml), ['AuthorizationPolicy/yaml created', 'PeerAuthentication/yaml created'])
    assert.equal(yaml.json.version, before + 3)
    const again = await apply(YAML, { 'content-type': 'text/yaml; charset=utf-8' })
    assert.deepEqual(changesOf(again), ['AuthorizationPolicy/yaml unchanged', 'PeerAuthentication/yaml unchanged'])
    assert.equal(again.json.version, before + 3)
    assert.equal((await ask({ path: one('yaml') })).json.metadata?.name, 'yaml')
  })

  test('hostile 95: one bad document, and nothing of the apply is stored', async () => {
    const before = await version()
    const { status, json } = await apply([aPolicy('beside'), bad, aPeerAuthentication('beside')])
    assert.deepEqual([status, json.code], [422, 'resource.invalid'])
    const [fault] = json.errors ?? []
    assert.deepEqual(
      [fault?.document, fault?.path, fault?.code, fault?.suggestion],
      [1, 'spec.rules[0].from[0].source.princpals', 'unknown-field', 'principals'],
    )
    assert.equal((await ask({ path: one('beside') })).status, 404)
    assert.equal(await version(), before)
  })

  test('the same object twice is a fault', async () => {
    const { status, json } = await apply([aPolicy('twice'), aPolicy('twice', 'shop', '/b')])
    assert.deepEqual([status, json.errors?.[0]?.document, json.errors?.[0]?.code], [422, 1, 'duplicate-object'])
  })

  test('a dry run judges and stores nothing', async () => {
    const before = await version()
    const path = '/resources?dryRun=true'
    const dry = await ask({ method: 'POST', path, body: [aPolicy('dry'), aPolicy('stays', 'shop', '/b')] })
    assert.deepEqual(changesOf(dry), ['AuthorizationPolicy/dry created', 'AuthorizationPolicy/stays updated'])
    assert.equal(dry.json.version, before)
    assert.equal((await ask({ method: 'POST', path, body: bad })).status, 422)
    assert.equal((await ask({ path: one('dry') })).status, 404)
  })

  test('warnings come with their objects', async () => {
    const deny = { ...aPolicy('warned'), spec: { ...aPolicy('warned').spec, action: 'DENY' } }
    const { json } = await apply(deny)
    const [item] = json.items ?? []
    assert.ok(JSON.stringify(item?.warnings).includes('deny-http-only-hits-tcp'))
  })

  test('an ETag: unchanged is 304, and a change of what was not read is 412', async () => {
    await apply(aPolicy('tagged'))
    const { etag = '' } = await ask({ path: one('tagged') })
    assert.equal((await ask({ path: one('tagged'), headers: { 'if-none-match': etag } })).status, 304)
    const changed = await apply(aPolicy('tagged', 'shop', '/b'), { 'if-match': etag })
    assert.equal(changed.status, 200)
    const stale = await apply(aPolicy('tagged', 'shop', '/c'), { 'if-match': etag })
    assert.deepEqual([stale.status, stale.json.code], [412, 'resource.conflict'])
    const removal = await ask({ method: 'DELETE', path: one('tagged'), headers: { 'if-match': etag } })
    assert.deepEqual([removal.status, removal.json.code], [412, 'resource.conflict'])
    const current = (await ask({ path: one('tagged') })).etag ?? ''
    assert.notEqual(current, etag)
    assert.equal((await ask({ method: 'DELETE', path: one('tagged'), headers: { 'if-match': current } })).status, 204)
  })

  test('the tag of the list guards any apply; `*` means there, or not there', async () => {
    const { etag = '' } = await ask({})
    assert.equal((await ask({ headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await apply([aPolicy('m'), aPolicy('n')], { 'if-match': etag })).status, 200)
    assert.equal((await apply([aPolicy('m', 'shop', '/b')], { 'if-match': etag })).status, 412)
    assert.equal((await apply(aPolicy('m', 'shop', '/b'), { 'if-none-match': '*' })).status, 412)
    assert.equal((await apply(aPolicy('o'), { 'if-none-match': '*' })).status, 200)
    assert.equal((await apply(aPolicy('p'), { 'if-match': '*' })).status, 412)
  })

  test('lists by kind and namespace, in pages', async () => {
    await apply([aPolicy('l1', 'listed'), aPolicy('l2', 'listed'), aPeerAuthentication('l3', 'listed')])
    const namesOf = async (query: string) => {
      const { json } = await ask({ path: `/resources?namespace=listed${query}` })
      return [(json.items ?? []).map(({ metadata }) => (metadata as { name: string }).name), json.next] as const
    }
    assert.deepEqual(await namesOf(''), [['l1', 'l2', 'l3'], null])
    assert.deepEqual(await namesOf('&kind=PeerAuthentication'), [['l3'], null])
    const [page, next] = await namesOf('&limit=2')
    assert.deepEqual(page, ['l1', 'l2'])
    assert.deepEqual(await namesOf(`&limit=2&after=${next}`), [['l3'], null])
    assert.equal((await ask({ path: '/resources?after=nonsense' })).json.code, 'request.malformed')
    assert.equal((await ask({ path: '/resources?kind=Policy' })).json.code, 'request.malformed')
  })

  const refused: readonly (readonly [title: string, ask: Parameters<typeof askResources>[1], number, string])[] = [
    ['an unknown kind', { path: '/resources/AuthorisationPolicy/shop/a' }, 404, 'resource.not_found'],
    ['a path for a name', { path: '/resources/AuthorizationPolicy/..%2F..%2Fetc/passwd' }, 404, 'resource.not_found'],
    ['a name that is not there', { method: 'DELETE', path: one('nobody') }, 404, 'resource.not_found'],
    ['text that is no YAML', { method: 'POST', body: 'a: [' }, 400, 'request.malformed'],
    ['a number', { method: 'POST', body: 7 }, 400, 'request.malformed'],
    ['a field twice', { method: 'POST', body: `${YAML}\nspec: {}` }, 400, 'request.malformed'],
    [
      'another media type',
      { method: 'POST', body: 'x', headers: { 'content-type': 'application/xml' } },
      415,
      'request.media_type',
    ],
    ['YAML elsewhere', { method: 'POST', path: '/tokens', body: 'identity: x' }, 415, 'request.media_type'],
  ]
  for (const [title, request, status, code] of refused) {
    test(`${title} is ${status}`, async () => {
      const answer = await ask(request)
      assert.deepEqual([answer.status, answer.json.code], [status, code])
    })
  }
})

test('what was answered is there after a SIGKILL, with its age and its record', async () => {
  const directory = newDirectory()
  const first = await startService({ directory })
  await askResources(first, { method: 'POST', body: [aPolicy('a'), aPolicy('b')] })
  await askResources(first, { method: 'DELETE', path: '/resources/AuthorizationPolicy/shop/b' })
  const updated = await askResources(first, { method: 'POST', body: aPolicy('a', 'shop', '/b') })
  const before = await askResources(first, { path: '/resources/AuthorizationPolicy/shop/a' })
  await first.kill()
  const second = await startService({ directory })
  assert.deepEqual(await askResources(second, { path: '/resources/AuthorizationPolicy/shop/a' }), before)
  assert.deepEqual(await storedNames(second), ['shop/a'])
  const again = await askResources(second, { method: 'POST', body: aPolicy('a', 'shop', '/b') })
  assert.deepEqual([changesOf(again), again.json.version], [['AuthorizationPolicy/a unchanged'], updated.json.version])
  const { resources } = (await askResources(second, { path: '/status' })).json
  assert.deepEqual(resources, { loaded: true, version: updated.json.version, count: 1, watched: [] })
  await second.stop()
})

test('a body over its own limit is 413', async () => {
  const service = await startService({ config: { limits: { resourcesBody: 2000, body: 500 } } })
  const big = { ...aPolicy('big'), metadata: { ...aPolicy('big').metadata, annotations: { x: 'y'.repeat(1000) } } }
  assert.equal((await askResources(service, { method: 'POST', body: big })).status, 200)
  const more = await askResources(service, { method: 'POST', body: [big, big] })
  assert.deepEqual([more.status, more.json.code], [413, 'limit.size'])
  assert.equal((await administer(service, 'POST', '/v1/tokens', { identity: 'x'.repeat(600) })).status, 413)
  await service.stop()
})
