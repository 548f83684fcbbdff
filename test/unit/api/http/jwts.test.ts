import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { beforeEach, describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { Door } from '../../../../src/api/http/evidence.ts'
import type { UnreadRequest } from '../../../../src/ca/issue/issuance.ts'
import type { IssueJwtRequest } from '../../../../src/ca/jwt/jwt-issuance.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { fakeDeps, fakeJwts, ISSUED } from '../../../support/http.ts'

const seen: IssueJwtRequest[] = []
const unread: UnreadRequest[] = []
let refusal: AppError | null = null

const deps = fakeDeps({
  jwts: {
    ...fakeJwts,
    issue: (request) => {
      seen.push(request)
      return refusal === null ? fakeJwts.issue(request) : Promise.reject(refusal)
    },
    onUnread: (request) => void unread.push(request),
  },
})
const apps = {
  network: buildApi(deps, 'network', (handler) => createServer(handler)),
  'admin-socket': buildApi(deps, 'admin-socket', (handler) => createServer(handler)),
}

beforeEach(() => {
  seen.length = 0
  unread.length = 0
  refusal = null
})

interface Call {
  readonly headers?: Record<string, string>
  readonly door?: Door
}

async function post(body: object | string, { headers = {}, door = 'network' }: Call = {}) {
  const response = await apps[door].inject({
    method: 'POST',
    url: '/v1/jwts',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

describe('POST /v1/jwts', () => {
  test('answers 201 with the fields of the contract, for no cache', async () => {
    const { status, headers, body } = await post({ audiences: ['a'] })
    assert.equal(status, 201)
    assert.equal(headers['cache-control'], 'no-store')
    assert.deepEqual(body, {
      token: 'aaa.bbb.ccc',
      identity: ISSUED.identity,
      expiresAt: '2026-11-21T03:05:00Z',
      kid: 'k1',
    })
  })

  test('hands on audiences, ttl, identity, proofs, the peer and the request id', async () => {
    const body = { audiences: ['a', 'b'], ttl: '1m', identity: 'spiffe://cluster.local/x', joinToken: 'alcz_x' }
    const { headers } = await post(body, { headers: { authorization: 'Bearer a.b.c' } })
    const { signal: _connection, peer, ...request } = seen[0] ?? assert.fail()
    assert.deepEqual(request, {
      evidence: { bearer: 'a.b.c', joinToken: 'alcz_x' },
      audiences: ['a', 'b'],
      ttlSeconds: 60,
      identity: 'spiffe://cluster.local/x',
      requestId: headers['x-request-id'],
    })
    assert.match(peer, /^127\.0\.0\.1:/)
  })

  test('comes from the local administrator on the admin socket alone', async () => {
    await post({ audiences: ['a'] })
    await post({ audiences: ['a'] }, { door: 'admin-socket' })
    assert.deepEqual(
      seen.map(({ evidence }) => evidence.localAdmin),
      [undefined, true],
    )
  })

  const bad: readonly (readonly [string, object | string, string])[] = [
    ['no audiences', {}, 'request.malformed'],
    ['an empty list', { audiences: [] }, 'request.malformed'],
    ['a text in place of the list', { audiences: 'a' }, 'request.malformed'],
    ['a number in it', { audiences: [1] }, 'request.malformed'],
    ['an empty audience', { audiences: [''] }, 'request.malformed'],
    ['seventeen', { audiences: Array.from({ length: 17 }, (_, i) => `${i}`) }, 'request.malformed'],
    ['one that is too long', { audiences: ['a'.repeat(2049)] }, 'request.malformed'],
    ['an unknown field', { audiences: ['a'], claims: { admin: true } }, 'request.malformed'],
    ['an impersonation', { audiences: ['a'], impersonate: 'spiffe://a/b' }, 'request.malformed'],
    ['a life of nothing', { audiences: ['a'], ttl: 0 }, 'issue.ttl_invalid'],
    ['a negative life', { audiences: ['a'], ttl: -1 }, 'issue.ttl_invalid'],
    ['no JSON', '{', 'request.malformed'],
  ]
  for (const [title, body, code] of bad) {
    test(`refuses ${title}, and tells of it once`, async () => {
      const answer = await post(body)
      assert.deepEqual([answer.status, answer.body.code], [400, code])
      assert.equal(seen.length, 0)
      assert.equal(unread.length, 1)
      assert.equal(unread[0]?.requestId, answer.headers['x-request-id'])
    })
  }

  test('what the use case refuses it tells of itself', async () => {
    refusal = new AppError('issue.no_active_authority', 'no key', { retryAfterSeconds: 60 })
    const { status, headers, body } = await post({ audiences: ['a'] })
    assert.deepEqual([status, body.code, headers['retry-after']], [503, 'issue.no_active_authority', '60'])
    assert.equal(unread.length, 0)
  })
})
