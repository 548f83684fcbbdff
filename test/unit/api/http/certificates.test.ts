import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { beforeEach, describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { Door } from '../../../../src/api/http/evidence.ts'
import type { IssueRequest, UnreadRequest } from '../../../../src/ca/issue/issuance.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { FakeLog, FakeObserver, fakeDeps, ISSUED, LIMITS } from '../../../support/http.ts'

const seen: IssueRequest[] = []
const unread: UnreadRequest[] = []
const observer = new FakeObserver()
const log = new FakeLog()
let answer = async () => ISSUED

const deps = fakeDeps({
  observer,
  log,
  issue: (request) => {
    seen.push(request)
    return answer()
  },
  onUnread: (request) => void unread.push(request),
})
const app = buildApi(deps, 'network', (handler) => createServer(handler))
const adminApp = buildApi(deps, 'admin-socket', (handler) => createServer(handler))

beforeEach(() => {
  seen.length = 0
  unread.length = 0
  observer.requests.length = 0
  observer.limits.length = 0
  log.lines.length = 0
  answer = async () => ISSUED
})

interface Call {
  readonly headers?: Record<string, string>
  readonly door?: Door
}

async function post(payload: string | Buffer | undefined, { headers, door }: Call = {}) {
  const response = await (door === 'admin-socket' ? adminApp : app).inject({
    method: 'POST',
    url: '/v1/certificates',
    headers: headers ?? { 'content-type': 'application/json' },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(response.body) }
}

describe('POST /v1/certificates', () => {
  test('answers 201 with the fields of the contract', async () => {
    const { status, headers, body } = await post('{"csr":"CSR"}')
    assert.equal(status, 201)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(body, {
      serial: ISSUED.serial,
      identity: ISSUED.identity,
      notBefore: '2026-11-21T02:58:00Z',
      notAfter: '2026-11-21T04:00:00Z',
      renewAfter: '2026-11-21T03:30:00Z',
      chain: [ISSUED.leaf, ...ISSUED.issuer.intermediates],
      bundle: ISSUED.issuer.roots,
      bundleSequence: 3,
    })
    assert.deepEqual(observer.requests, [['/v1/certificates', 201]])
  })

  test('writes each issuer chain once, and a new one anew', async () => {
    await post('{"csr":"CSR"}')
    answer = async () => ({ ...ISSUED, issuer: { ...ISSUED.issuer, intermediates: [], roots: ['r\n', '"'] } })
    const { body } = await post('{"csr":"CSR"}')
    assert.deepEqual(body.chain, [ISSUED.leaf])
    assert.deepEqual(body.bundle, ['r\n', '"'])
  })

  const evidence: readonly (readonly [string, Record<string, string>, string, IssueRequest['evidence']])[] = [
    ['nothing', {}, '', {}],
    ['a bearer token', { authorization: 'Bearer a.b.c' }, '', { bearer: 'a.b.c' }],
    ['the scheme in any case', { authorization: 'bEARER  a.b.c' }, '', { bearer: 'a.b.c' }],
    ['another scheme', { authorization: 'Basic YTpi' }, '', { bearer: '' }],
    ['a join token in the body', {}, ',"joinToken":"alcz_x"', { joinToken: 'alcz_x' }],
  ]
  for (const [title, headers, fields, want] of evidence) {
    test(`hands on ${title}`, async () => {
      await post(`{"csr":"CSR"${fields}}`, { headers: { 'content-type': 'application/json', ...headers } })
      assert.deepEqual(seen[0]?.evidence, want)
    })
  }

  test('hands on csr, ttl, identity, the peer and the request id of the answer', async () => {
    const { headers } = await post('{"csr":"CSR","ttl":"1h30m","identity":"spiffe://cluster.local/ns/a/sa/b"}')
    const [request] = seen
    assert.equal(request?.csr, 'CSR')
    assert.equal(request?.ttlSeconds, 5400)
    assert.equal(request?.identity, 'spiffe://cluster.local/ns/a/sa/b')
    assert.match(request?.peer ?? '', /^127\.0\.0\.1:/)
    assert.equal(request?.requestId, headers['x-request-id'])
  })

  test('takes no request id from the client', async () => {
    const { headers } = await post('{"csr":"CSR"}', {
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine', 'request-id': 'mine' },
    })
    assert.notEqual(headers['x-request-id'], 'mine')
  })

  test('comes from the local administrator on the admin socket alone', async () => {
    await post('{"csr":"CSR"}', { door: 'admin-socket' })
    await post('{"csr":"CSR"}')
    assert.deepEqual(
      seen.map(({ evidence }) => evidence.localAdmin),
      [true, undefined],
    )
  })
})

describe('refused requests', () => {
  const JSON_TYPE = 'application/json'
  const bodies: readonly (readonly [string, string | Buffer | undefined, number, string])[] = [
    ['no body', undefined, 400, 'request.malformed'],
    ['an empty object', '{}', 400, 'request.malformed'],
    ['an unknown field', '{"csr":"CSR","extra":1}', 400, 'request.malformed'],
    ['a number as csr', '{"csr":1}', 400, 'request.malformed'],
    ['a boolean as ttl', '{"csr":"CSR","ttl":true}', 400, 'request.malformed'],
    ['an array', '[]', 400, 'request.malformed'],
    ['half of an object', '{"csr":', 400, 'request.malformed'],
    ['hostile 43: ttl 0', '{"csr":"CSR","ttl":0}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl -1', '{"csr":"CSR","ttl":-1}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl "NaN"', '{"csr":"CSR","ttl":"NaN"}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl NaN', '{"csr":"CSR","ttl":NaN}', 400, 'request.malformed'],
    ['hostile 43: ttl "1h1h"', '{"csr":"CSR","ttl":"1h1h"}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl 2^63', '{"csr":"CSR","ttl":9223372036854775808}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl 1.5', '{"csr":"CSR","ttl":1.5}', 400, 'issue.ttl_invalid'],
    ['hostile 43: ttl 1e400', '{"csr":"CSR","ttl":1e400}', 400, 'request.malformed'],
    ['hostile 49: a key twice', '{"csr":"CSR","csr":"CSR"}', 400, 'request.malformed'],
    ['hostile 49: __proto__', '{"csr":"CSR","__proto__":{"identity":"x"}}', 400, 'request.malformed'],
    ['hostile 49: constructor', '{"csr":"CSR","constructor":{"prototype":{}}}', 400, 'request.malformed'],
    ['hostile 49: a byte order mark', '\ufeff{"csr":"CSR"}', 400, 'request.malformed'],
    ['hostile 49: a lone surrogate', '{"csr":"\\ud800"}', 400, 'request.malformed'],
    ['hostile 49: UTF-16', Buffer.from('{"csr":"CSR"}', 'utf16le'), 400, 'request.malformed'],
    ['hostile 49: bytes that are not UTF-8', Buffer.from('7b22637372223a22ff227d', 'hex'), 400, 'request.malformed'],
    ['hostile 49: depth 30,000', `{"csr":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400, 'request.malformed'],
    ['hostile 42: a body of the limit and one byte', `{"csr":"${'A'.repeat(65_527)}"}`, 413, 'limit.size'],
  ]
  for (const [title, payload, status, code] of bodies) {
    test(`${title} is ${status} ${code}`, async () => {
      const got = await post(payload)
      assert.deepEqual([got.status, got.body.code], [status, code])
      assert.equal(seen.length, 0)
    })
  }

  test('hostile 49: depth 100,000 is refused as too deep where the size is allowed', async () => {
    const wide = buildApi(fakeDeps({ limits: () => ({ ...LIMITS, body: null }) }), 'network', (handler) =>
      createServer(handler),
    )
    const payload = `{"csr":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const response = await wide.inject({
      method: 'POST',
      url: '/v1/certificates',
      headers: { 'content-type': 'application/json' },
      payload,
    })
    assert.deepEqual([response.statusCode, response.json().code], [400, 'request.malformed'])
  })

  test('hostile 49: the prototype is untouched', async () => {
    await post('{"csr":"CSR","__proto__":{"polluted":1}}')
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })

  test('hostile 42: a body of exactly the limit passes, one more is a limit hit', async () => {
    const exact = await post(`{"csr":"${'A'.repeat(65_526)}"}`)
    assert.equal(exact.status, 201)
    assert.deepEqual(observer.limits, [])
    await post(`{"csr":"${'A'.repeat(65_527)}"}`)
    assert.deepEqual(observer.limits, ['body'])
  })

  const types: readonly (readonly [string, Record<string, string>])[] = [
    ['no content type', {}],
    ['XML', { 'content-type': 'application/xml' }],
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['something longer', { 'content-type': 'application/jsonx' }],
    ['nonsense', { 'content-type': ';;;' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' }],
  ]
  for (const [title, headers] of types) {
    test(`hostile 49: ${title} is 415 request.media_type`, async () => {
      const got = await post('{"csr":"CSR"}', { headers })
      assert.deepEqual([got.status, got.body.code], [415, 'request.media_type'])
    })
  }

  test('the charset utf-8 may be named', async () => {
    const got = await post('{"csr":"CSR"}', { headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } })
    assert.equal(got.status, 201)
  })

  test('the unknown field is named, with what was probably meant', async () => {
    const { body } = await post('{"csr":"CSR","jointoken":"x"}')
    assert.match(body.detail, /`jointoken`.*`joinToken`/)
  })

  test('the field of the wrong type is named, with what is wanted', async () => {
    const { body } = await post('{"csr":"CSR","ttl":true}')
    assert.match(body.detail, /`ttl`/)
    assert.match(body.wanted, /`1h30m`/)
  })
})

describe('errors as problems', () => {
  test('have the fields of RFC 9457 and ours', async () => {
    answer = async () => {
      throw new AppError('auth.audience_mismatch', 'wrong audience', { wanted: 'istio-ca', seen: 'other' })
    }
    const { status, headers, body } = await post('{"csr":"CSR"}')
    assert.equal(status, 401)
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.equal(headers['www-authenticate'], 'Bearer')
    assert.deepEqual(body, {
      type: 'urn:alcazar:error:auth.audience_mismatch',
      title: 'Unauthorized',
      status: 401,
      detail: 'wrong audience',
      code: 'auth.audience_mismatch',
      requestId: headers['x-request-id'],
      wanted: 'istio-ca',
      seen: 'other',
    })
  })

  test('say when to try again', async () => {
    answer = async () => {
      throw new AppError('limit.rate', 'too fast', { retryAfterSeconds: 1.2 })
    }
    const { status, headers } = await post('{"csr":"CSR"}')
    assert.deepEqual([status, headers['retry-after']], [429, '2'])
  })

  test('tell nothing of a bug, which is logged once under its request id', async () => {
    answer = async () => {
      throw new TypeError('the inner secret')
    }
    const { status, body } = await post('{"csr":"CSR"}')
    assert.deepEqual([status, body.code], [500, 'internal'])
    assert.doesNotMatch(JSON.stringify(body), /inner secret/)
    assert.deepEqual(
      log.lines.map(({ event, fields }) => [event, fields.requestId]),
      [['http.failed', body.requestId]],
    )
    assert.deepEqual(observer.requests, [['/v1/certificates', 500]])
  })
})

describe('what is refused before the use case is told of, once', () => {
  const json = { 'content-type': 'application/json' }
  for (const [name, payload, headers, code] of [
    ['no JSON', '{', json, 'request.malformed'],
    ['an unknown field', '{"csr":"CSR","cs":1}', json, 'request.malformed'],
    ['a wrong type', '{"csr":1}', json, 'request.malformed'],
    ['no body', undefined, json, 'request.malformed'],
    ['a life of nothing', '{"csr":"CSR","ttl":0}', json, 'issue.ttl_invalid'],
    ['another media type', '<csr/>', { 'content-type': 'application/xml' }, 'request.media_type'],
    ['too large a body', JSON.stringify({ csr: 'A'.repeat(70_000) }), json, 'limit.size'],
  ] as const) {
    test(name, async () => {
      const { body } = await post(payload, { headers })
      assert.equal(body.code, code)
      assert.equal(seen.length, 0)
      assert.deepEqual(
        unread.map(({ requestId, error }) => [requestId, error instanceof AppError && error.code]),
        [[body.requestId, code]],
      )
    })
  }

  test('and what the use case refuses is told of by itself', async () => {
    answer = async () => {
      throw new AppError('csr.malformed', 'no CSR')
    }
    const { body } = await post('{"csr":"CSR"}')
    assert.equal(body.code, 'csr.malformed')
    assert.deepEqual(unread, [])
  })
})
