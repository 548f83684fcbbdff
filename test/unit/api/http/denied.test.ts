import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { HttpDeps } from '../../../../src/api/http/deps.ts'
import { buildCrlSet, type Crl } from '../../../../src/ca/crl/crl.ts'
import { fakeDeny, fakeDeps, NOW } from '../../../support/http.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const KEY = 'AB'.repeat(32)

async function ask(
  request: { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly url: string; readonly body?: object },
  { role = 'admin', ...overrides }: Partial<HttpDeps> & { readonly role?: string } = {},
) {
  const app = buildApi(fakeDeps(overrides), 'network', (handler) => createServer(handler))
  const { method = 'GET', url, body } = request
  const headers = { authorization: `Bearer ${role}` }
  return app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
}

for (const [named, target] of [
  [{ identity: WEB }, { kind: 'identity', value: WEB }],
  [{ serial: 'ABCD' }, { kind: 'serial', value: 'abcd'.padStart(32, '0') }],
  [{ publicKey: KEY }, { kind: 'key', value: KEY.toLowerCase() }],
] as const) {
  test(`POST and DELETE /v1/denied name a ${target.kind}`, async () => {
    const seen: unknown[] = []
    const deny: HttpDeps['deny'] = {
      ...fakeDeny,
      add(request) {
        seen.push(request)
        return fakeDeny.add(request)
      },
      remove: async (...request) => void seen.push(request),
    }
    const body = { ...named, reason: 'lost', reasonCode: 'superseded' }
    const added = await ask({ method: 'POST', url: '/v1/denied', body }, { deny })
    assert.equal(added.statusCode, 201)
    const { kind, value, reason, actor, certificates } = added.json()
    const shown = target.kind === 'key' ? 'publicKey' : target.kind
    assert.deepEqual(
      { kind, value, reason, actor, certificates },
      {
        ...target,
        kind: shown,
        reason: 'lost',
        actor: 'admin',
        certificates: 0,
      },
    )
    const url = `/v1/denied?${new URLSearchParams(Object.entries(named))}`
    assert.equal((await ask({ method: 'DELETE', url }, { deny })).statusCode, 204)
    assert.deepEqual(seen, [{ ...target, reason: 'lost', reasonCode: 'superseded', actor: 'admin' }, [target, 'admin']])
  })
}

for (const [title, body] of [
  ['nothing', { reason: 'x' }],
  ['two things', { reason: 'x', identity: WEB, serial: 'ab' }],
  ['no reason', { identity: WEB }],
  ['an empty reason', { identity: WEB, reason: '' }],
  ['no serial', { serial: 'xyz', reason: 'x' }],
  ['half a hash', { publicKey: 'ab', reason: 'x' }],
  ['a reason code of nobody', { identity: WEB, reason: 'x', reasonCode: 'certificateHold' }],
] as const) {
  test(`POST /v1/denied: ${title} is request.malformed`, async () => {
    const response = await ask({ method: 'POST', url: '/v1/denied', body })
    assert.deepEqual([response.statusCode, response.json().code], [400, 'request.malformed'])
  })
}

for (const [method, role, status] of [
  ['POST', 'operator', 403],
  ['DELETE', 'operator', 403],
  ['GET', 'viewer', 200],
  ['GET', 'nobody', 403],
] as const) {
  test(`${method} /v1/denied as ${role}: ${status}`, async () => {
    const body = method === 'POST' ? { body: { identity: WEB, reason: 'x' } } : {}
    const url = method === 'DELETE' ? '/v1/denied?serial=ab' : '/v1/denied'
    assert.equal((await ask({ method, url, ...body }, { role })).statusCode, status)
  })
}

const crl: Crl = {
  authority: 'a'.repeat(40),
  number: 7,
  thisUpdate: NOW,
  nextUpdate: NOW + 86_400,
  entries: 2,
  mark: 2,
  der: Buffer.from('3003020107', 'hex'),
}
const set = buildCrlSet([
  { authority: crl.authority, kind: 'intermediate', crl, warning: null },
  { authority: 'b'.repeat(40), kind: 'root', crl: null, warning: 'its key is not here' },
])
const crls = { current: () => set }

test('/v1/crl: PEM for anyone, with an ETag', async () => {
  const response = await ask({ url: '/v1/crl' }, { crls, role: 'nobody' })
  assert.equal(response.body, '-----BEGIN X509 CRL-----\nMAMCAQc=\n-----END X509 CRL-----\n')
  const { etag, 'cache-control': caching } = response.headers
  assert.deepEqual([etag, caching], [set.etag, 'no-cache'])
  const app = buildApi(fakeDeps({ crls }), 'network', (handler) => createServer(handler))
  const known = await app.inject({ url: '/v1/crl', headers: { 'if-none-match': set.etag } })
  assert.deepEqual([known.statusCode, known.body], [304, ''])
})

test('/v1/crl/{authorityId}: DER, or 404', async () => {
  const response = await ask({ url: `/v1/crl/${crl.authority}` }, { crls })
  assert.equal(response.headers['content-type'], 'application/pkix-crl')
  assert.deepEqual(response.rawPayload, crl.der)
  for (const id of ['b'.repeat(40), 'c'.repeat(40)]) {
    assert.equal((await ask({ url: `/v1/crl/${id}` }, { crls })).statusCode, 404)
  }
})

test('/v1/crls says how each is', async () => {
  const { items } = (await ask({ url: '/v1/crls' }, { crls })).json()
  assert.deepEqual(items, [
    {
      authority: crl.authority,
      kind: 'intermediate',
      number: 7,
      thisUpdate: '2026-11-21T03:00:00Z',
      nextUpdate: '2026-11-22T03:00:00Z',
      entries: 2,
      warning: null,
    },
    {
      authority: 'b'.repeat(40),
      kind: 'root',
      number: null,
      thisUpdate: null,
      nextUpdate: null,
      entries: 0,
      warning: 'its key is not here',
    },
  ])
})
