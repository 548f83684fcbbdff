import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { AuthorityView, HttpDeps } from '../../../../src/api/http/deps.ts'
import type { Door } from '../../../../src/api/http/evidence.ts'
import type { IssuedQuery, IssuedRow } from '../../../../src/ca/record.ts'
import type { JoinTokenRequest, JoinTokenView } from '../../../../src/identity/join-token.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import type { PageRequest } from '../../../../src/kernel/page.ts'
import { BUNDLE_ETAG, FakeObserver, fakeDeps, fakeTokens, NOW } from '../../../support/http.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const SERIAL = '0f3c'.padEnd(32, '0')

function open(overrides: Partial<HttpDeps> = {}, door: Door = 'network') {
  const app = buildApi(fakeDeps(overrides), door, (handler) => createServer(handler))
  return async (request: InjectOptions & { readonly as?: string }) => {
    const { as, headers, ...rest } = request
    const authorization = as === undefined ? {} : { authorization: `Bearer ${as}` }
    const response = await app.inject({ ...rest, headers: { ...authorization, ...headers } })
    const { statusCode: status, body } = response
    return { status, headers: response.headers, body, json: () => JSON.parse(body) }
  }
}

describe('roles', () => {
  const token = { method: 'POST', url: '/v1/tokens', payload: { identity: WEB } } as const
  const cases: readonly (readonly [InjectOptions, 'viewer' | 'operator', number])[] = [
    [{ method: 'GET', url: '/v1/issued' }, 'viewer', 200],
    [{ method: 'GET', url: '/v1/tokens' }, 'viewer', 200],
    [{ method: 'GET', url: '/v1/authorities' }, 'viewer', 200],
    [{ method: 'GET', url: '/v1/status' }, 'viewer', 200],
    [{ method: 'GET', url: '/v1/resources' }, 'viewer', 503],
    [{ method: 'POST', url: '/v1/resources', payload: {} }, 'operator', 503],
    [{ method: 'DELETE', url: '/v1/resources/AuthorizationPolicy/a/b' }, 'operator', 503],
    [token, 'operator', 201],
    [{ method: 'DELETE', url: '/v1/tokens/t1' }, 'operator', 404],
    [{ method: 'DELETE', url: `/v1/issued/${SERIAL}` }, 'operator', 204],
  ]
  for (const [request, role, status] of cases) {
    test(`${request.method} ${request.url} needs ${role}`, async () => {
      const call = open()
      assert.equal((await call(request)).status, 401)
      assert.equal((await call({ ...request, as: 'nobody' })).json().code, 'auth.forbidden')
      if (role === 'operator') assert.equal((await call({ ...request, as: 'viewer' })).status, 403)
      assert.equal((await call({ ...request, as: role })).status, status)
      assert.equal((await call({ ...request, as: 'admin' })).status, status)
      assert.equal((await open({}, 'admin-socket')(request)).status, status)
    })
  }

  test('are asked before the body is judged', async () => {
    const { status } = await open()({ ...token, payload: { nonsense: 1 } })
    assert.equal(status, 401)
  })

  test('the bundle and the description are for anyone', async () => {
    const call = open()
    for (const url of ['/v1/bundle', '/v1/bundle.pem', '/openapi.json']) {
      assert.equal((await call({ method: 'GET', url })).status, 200)
    }
  })
})

describe('/v1/issued', () => {
  const row: IssuedRow = {
    kind: 'certificate',
    serial: SERIAL,
    identity: WEB,
    notBefore: NOW,
    notAfter: NOW + 3600,
    issuedAt: NOW * 1000 + 7,
    attestor: 'jwt',
    subject: 'iss sub',
    authority: 'a',
    spkiSha256: 's',
    csrSha256: 'c',
    peer: 'local',
    bundleSequence: 1,
    outcome: 'unknown',
  }

  test('lists rows with RFC 3339 times and the cursor', async () => {
    const call = open({ issuance: { listIssued: async () => ({ items: [row], next: 'cursor' }) } })
    const { body } = await call({ method: 'GET', url: '/v1/issued', as: 'viewer' })
    const times = { notBefore: '2026-11-21T03:00:00Z', notAfter: '2026-11-21T04:00:00Z' }
    const want = { items: [{ ...row, ...times, issuedAt: '2026-11-21T03:00:00.007Z' }], next: 'cursor', restored: null }
    assert.deepEqual(JSON.parse(body), want)
  })

  const queries: readonly (readonly [string, IssuedQuery])[] = [
    ['', { limit: 100 }],
    ['?limit=1000&after=abc', { limit: 1000, after: 'abc' }],
    [`?identity=${WEB}`, { limit: 100, identity: WEB }],
    ['?serial=F3C', { limit: 100, serial: 'f3c'.padStart(32, '0') }],
    ['?since=2026-11-21T03:00:00Z', { limit: 100, since: NOW * 1000 }],
    ['?until=2026-11-21T04:00:00.5%2B01:00', { limit: 100, until: NOW * 1000 + 500 }],
  ]
  for (const [query, want] of queries) {
    test(`reads \`${query}\``, async () => {
      const asked: IssuedQuery[] = []
      const listIssued = async (question: IssuedQuery) => {
        asked.push(question)
        return { items: [], next: null }
      }
      await open({ issuance: { listIssued } })({ method: 'GET', url: `/v1/issued${query}`, as: 'viewer' })
      assert.deepEqual(asked, [want])
    })
  }

  const bad = [
    'limit=0',
    'limit=1001',
    'limit=1e2',
    'limit=-1',
    'limit=1&limit=2',
    'after=',
    'serial=xyz',
    `serial=${'0'.repeat(33)}`,
    'since=yesterday',
    'since=2026-11-21',
    'until=1795230000',
    'identity=web',
    'identiy=x',
    '__proto__=x',
  ]
  for (const query of bad) {
    test(`refuses ?${query}`, async () => {
      const { status, json } = await open()({ method: 'GET', url: `/v1/issued?${query}`, as: 'viewer' })
      assert.deepEqual([status, json().code], [400, 'request.malformed'])
    })
  }

  test('revokes by serial, with the reason and who did it', async () => {
    const calls: unknown[] = []
    const call = open({ revokeCertificate: async (...args) => void calls.push(args) })
    const { status, body } = await call({ method: 'DELETE', url: '/v1/issued/F3C?reason=key+lost', as: 'operator' })
    assert.deepEqual([status, body], [204, ''])
    assert.deepEqual(calls, [['f3c'.padStart(32, '0'), 'key lost', 'operator']])
  })

  test('revoking what was never issued is 404', async () => {
    const revokeCertificate = async () => {
      throw new AppError('resource.not_found', 'no certificate with this serial was issued')
    }
    const { status } = await open({ revokeCertificate })({
      method: 'DELETE',
      url: '/v1/issued/f3c',
      as: 'operator',
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(status, 404)
  })
})

describe('/v1/tokens', () => {
  const token: JoinTokenView = {
    id: 't1',
    identity: WEB,
    createdAt: NOW * 1000,
    expiresAt: NOW + 600,
    uses: 2,
    used: 1,
    createdBy: 'local',
    revoked: false,
  }

  test('creates one and shows its secret, uncached', async () => {
    const asked: (readonly [JoinTokenRequest, string])[] = []
    const create = async (wanted: JoinTokenRequest, actor: string) => {
      asked.push([wanted, actor])
      return fakeTokens.create(wanted, actor)
    }
    const { status, headers, json } = await open({ tokens: { ...fakeTokens, create } })({
      method: 'POST',
      url: '/v1/tokens',
      payload: { identity: WEB, ttl: '10m', uses: 3 },
      as: 'operator',
    })
    assert.equal(status, 201)
    assert.equal(headers['cache-control'], 'no-store')
    assert.deepEqual(asked, [[{ identity: WEB, ttlSeconds: 600, uses: 3 }, 'operator']])
    const times = { createdAt: '2026-11-21T03:00:00.000Z', expiresAt: '2026-11-21T03:10:00Z' }
    const rest = { id: 't1', identity: WEB, createdBy: 'operator', uses: 3, used: 0, revoked: false }
    assert.deepEqual(json(), { ...rest, ...times, token: 'alcz_secret' })
  })

  const bad = [
    [{ uses: 0 }, 'request.malformed'],
    [{ uses: 1.5 }, 'request.malformed'],
    [{ uses: '1' }, 'request.malformed'],
    [{ identity: 1 }, 'request.malformed'],
    [{ ttl: 0 }, 'issue.ttl_invalid'],
    [{ ttl: '1h1h' }, 'issue.ttl_invalid'],
  ] as const
  for (const [fields, code] of bad) {
    test(`refuses ${JSON.stringify(fields)}`, async () => {
      const payload = { identity: WEB, ...fields }
      const { status, json } = await open()({ method: 'POST', url: '/v1/tokens', payload, as: 'operator' })
      assert.deepEqual([status, json().code], [400, code])
    })
  }

  test('lists without the secret or its hash', async () => {
    const asked: PageRequest[] = []
    const list = async (page: PageRequest) => {
      asked.push(page)
      return { items: [token], next: null }
    }
    const { json } = await open({ tokens: { ...fakeTokens, list } })({
      method: 'GET',
      url: '/v1/tokens?limit=5',
      as: 'viewer',
    })
    const times = { createdAt: '2026-11-21T03:00:00.000Z', expiresAt: '2026-11-21T03:10:00Z' }
    assert.deepEqual(json(), { items: [{ ...token, ...times }], next: null })
    assert.deepEqual(asked, [{ limit: 5 }])
  })

  test('revokes by id', async () => {
    const call = open({
      tokens: { ...fakeTokens, revoke: async (id) => id === 't1' },
    })
    assert.equal((await call({ method: 'DELETE', url: '/v1/tokens/t1', as: 'operator' })).status, 204)
    assert.equal((await call({ method: 'DELETE', url: '/v1/tokens/t2', as: 'operator' })).status, 404)
  })
})

describe('/v1/bundle', () => {
  test('F-9, F-10, F-11: is the published JSON, and must be asked for again', async () => {
    const { body, headers } = await open()({ method: 'GET', url: '/v1/bundle' })
    assert.equal(body, '{"keys":[]}')
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual([headers.etag, headers['cache-control']], [BUNDLE_ETAG, 'no-cache'])
  })

  test('is PEM at .pem', async () => {
    const { body, headers } = await open()({ method: 'GET', url: '/v1/bundle.pem' })
    assert.deepEqual([body, headers['content-type']], ['PEM\n', 'application/x-pem-file'])
  })

  const tags: readonly (readonly [string, number])[] = [
    [BUNDLE_ETAG, 304],
    [`W/${BUNDLE_ETAG}`, 304],
    [`"other", ${BUNDLE_ETAG}`, 304],
    ['*', 304],
    ['"other"', 200],
    ['3-abc', 200],
    ['', 200],
  ]
  for (const [tag, want] of tags) {
    test(`If-None-Match: ${tag} is ${want}`, async () => {
      const headers = { 'if-none-match': tag }
      const { status, body, headers: got } = await open()({ method: 'GET', url: '/v1/bundle', headers })
      assert.equal(status, want)
      assert.equal(got.etag, BUNDLE_ETAG)
      if (want === 304) assert.equal(body, '')
    })
  }

  test('answers HEAD without a body', async () => {
    const { status, body, headers } = await open()({ method: 'HEAD', url: '/v1/bundle' })
    assert.deepEqual([status, body, headers['content-length']], [200, '', '11'])
  })
})

describe('/v1/authorities and /v1/status', () => {
  const authority: AuthorityView = {
    id: 'a',
    kind: 'intermediate',
    state: 'active',
    keyType: 'ec-p256',
    notBefore: NOW,
    notAfter: NOW + 3600,
    issuer: 'b',
    liveLeaves: 4,
    nextStep: { do: 'activate', at: NOW + 60, waitingFor: 'clients' },
  }
  const shown = {
    ...authority,
    notBefore: '2026-11-21T03:00:00Z',
    notAfter: '2026-11-21T04:00:00Z',
    nextStep: { do: 'activate', at: '2026-11-21T03:01:00Z', waitingFor: 'clients' },
  }

  const { liveLeaves: _leaves, nextStep: _step, ...shownPlain } = shown

  test('the status lists authorities, with what is known of them', async () => {
    const status = await fakeDeps().status()
    const { liveLeaves: _leaves, nextStep: _step, ...plain } = authority
    const authorities = [authority, { ...authority, nextStep: null }, plain]
    const call = open({ status: async () => ({ ...status, authorities }) })
    const { json } = await call({ method: 'GET', url: '/v1/status', as: 'viewer' })
    assert.deepEqual(json().authorities, [shown, { ...shown, nextStep: null }, shownPlain])
  })

  test('tells the status', async () => {
    const { json } = await open()({ method: 'GET', url: '/v1/status', as: 'viewer' })
    assert.deepEqual(json(), {
      version: '0.0.0-test',
      trustDomain: 'cluster.local',
      startedAt: '2026-11-21T03:00:00.000Z',
      ready: true,
      problems: [],
      authorities: [],
      bundle: { sequence: 3, roots: 1 },
      listeners: [{ name: 'https', address: '127.0.0.1:1' }],
      token: null,
      record: { depth: 0, ok: true, restored: null },
      servingCertificate: { notAfter: '2026-11-22T03:00:00Z' },
      resources: { loaded: true, version: 0, count: 0, watched: [] },
      authorityImport: null,
      federation: [],
    })
  })
})

describe('what is not there', () => {
  const cases: readonly (readonly [InjectOptions, number, string, string | undefined])[] = [
    [{ method: 'GET', url: '/' }, 404, 'resource.not_found', undefined],
    [{ method: 'POST', url: '/v2/certificates', payload: 'x' }, 404, 'resource.not_found', undefined],
    [{ method: 'GET', url: '/v1/issued/' }, 404, 'resource.not_found', undefined],
    [{ method: 'GET', url: '/v1/certificates?x=/v1/issued' }, 405, 'resource.not_found', 'POST'],
    [{ method: 'PUT', url: '/v1/issued/abc' }, 405, 'resource.not_found', 'DELETE'],
    [{ method: 'DELETE', url: '/v1/tokens' }, 405, 'resource.not_found', 'POST, GET, HEAD'],
    [{ method: 'GET', url: '/v1/%zz' }, 400, 'request.malformed', undefined],
    [{ method: 'DELETE', url: `/v1/tokens/${'a'.repeat(2000)}` }, 400, 'request.malformed', undefined],
  ]
  for (const [request, status, code, allow] of cases) {
    test(`${request.method} ${String(request.url).slice(0, 40)} is ${status}`, async () => {
      const observer = new FakeObserver()
      const got = await open({ observer })({ as: 'admin', ...request })
      assert.deepEqual([got.status, got.json().code, got.headers.allow], [status, code, allow])
      assert.equal(got.headers['content-type'], 'application/problem+json; charset=utf-8')
      assert.deepEqual(observer.requests, [['none', status]])
    })
  }
})
