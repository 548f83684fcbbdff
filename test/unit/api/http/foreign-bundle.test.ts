import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { App } from '../../../../src/api/http/base.ts'
import { FakeClock } from '../../../support/fakes.ts'
import { BUNDLE_ETAG, fakeDeps, fakeFederation, NOW } from '../../../support/http.ts'

const PARTNER = 'partner.example'

/** A federation with the partner alone; `publish` gives it another bundle, or none. */
function openFederation() {
  const listeners = new Set<() => void>()
  const toBundle = (sequence: bigint | null) => ({
    sequence,
    pem: `PEM ${sequence}\n`,
    spiffe: `{"spiffe_sequence":${sequence}}`,
    etag: `"${sequence}"`,
    fetchedAt: (NOW - 100) * 1000,
    freshUntil: (NOW + 500) * 1000,
  })
  let held: ReturnType<typeof toBundle> | null = toBundle(7n)
  return {
    federation: {
      ...fakeFederation,
      bundleOf: (trustDomain: string) => (trustDomain === PARTNER ? held : null),
      onChange(listener: () => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    publish(sequence: bigint | null | 'gone') {
      held = sequence === 'gone' ? null : toBundle(sequence)
      for (const listener of listeners) listener()
    },
  }
}

let app: App | undefined
afterEach(() => app?.close())

function openApi(reported: number[] = []) {
  const { federation, publish } = openFederation()
  const clock = new FakeClock(NOW * 1000)
  const reportBundle = (_: Buffer, sequence: number) => reported.push(sequence)
  const opened = buildApi(fakeDeps({ federation, clock, reportBundle }), 'network', (handler) => createServer(handler))
  app = opened
  const get = (url: string, headers: Record<string, string> = {}) => opened.inject({ method: 'GET', url, headers })
  return { get, publish, clock }
}

const of = (trustDomain: string, more = '') => `/v1/bundle?trustDomain=${trustDomain}${more}`
const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 20))

describe('GET /v1/bundle?trustDomain=', () => {
  test('F-20, F-21: each trust domain has its own bundle, and ours has nothing of another', async () => {
    const { get } = openApi()
    assert.equal((await get(of(PARTNER))).body, '{"spiffe_sequence":7}')
    assert.equal((await get(`/v1/bundle.pem?trustDomain=${PARTNER}`)).body, 'PEM 7\n')
    for (const url of ['/v1/bundle', of('cluster.local')]) {
      const { body, headers } = await get(url)
      assert.deepEqual([body, headers.etag, headers.age], ['{"keys":[]}', BUNDLE_ETAG, undefined])
    }
    assert.equal((await get('/v1/bundle.pem')).body, 'PEM\n')
  })

  test('F-10, F-11: JSON, with an ETag, and never kept without asking', async () => {
    const { get } = openApi()
    const { headers } = await get(of(PARTNER))
    assert.deepEqual(
      [headers['content-type'], headers.etag, headers['cache-control']],
      ['application/json', '"7"', 'no-cache'],
    )
    for (const url of [of(PARTNER), `/v1/bundle.pem?trustDomain=${PARTNER}`])
      assert.equal((await get(url, { 'if-none-match': '"7"' })).statusCode, 304)
  })

  test('it says how old it is, and when it is stale', async () => {
    const { get, clock } = openApi()
    const told = async (headers = {}) => {
      const answer = await get(of(PARTNER), headers)
      return [answer.statusCode, answer.headers.age, answer.headers['cache-status']]
    }
    assert.deepEqual(await told(), [200, '100', 'alcazar; hit; ttl=500'])
    clock.advance(600_000)
    assert.deepEqual(await told({ 'if-none-match': '"7"' }), [304, '700', 'alcazar; hit; ttl=-100'])
  })

  test('a trust domain that is not known is told, and what to do', async () => {
    const { get } = openApi()
    for (const url of [of('other.example'), of('other.example', '&after=1&wait=60s'), `/v1/bundle.pem?trustDomain=x`]) {
      const { statusCode, body } = await get(url)
      assert.equal(statusCode, 404)
      assert.match(body, /"code":"resource\.not_found"/)
      assert.match(body, /bundle federate add/)
    }
  })

  for (const name of ['', 'Partner.example', 'spiffe://partner.example', 'partner.example/', 'a'.repeat(256), '%00'])
    test(`\`${name.slice(0, 24)}\` is no trust domain`, async () => {
      const { get } = openApi()
      for (const url of [of(name), `/v1/bundle.pem?trustDomain=${name}`]) {
        const { statusCode, body } = await get(url)
        assert.equal(statusCode, 400)
        assert.match(body, /"code":"request\.malformed"/)
      }
    })

  for (const url of [`${of(PARTNER)}&trustDomain=cluster.local`, '/v1/bundle.pem?trustdomain=partner.example'])
    test(`${url} is refused: it could be taken for ours`, async () => {
      assert.equal((await openApi().get(url)).statusCode, 400)
    })
})

describe('GET /v1/bundle?trustDomain=&after=&wait=', () => {
  test('wakes with the bundle of that trust domain', async () => {
    const { get, publish } = openApi()
    assert.equal((await get(of(PARTNER, '&after=7'))).statusCode, 304)
    const polled = get(of(PARTNER, '&after=7&wait=30s'))
    await soon()
    publish(8n)
    assert.equal((await polled).body, '{"spiffe_sequence":8}')
  })

  test('F-22: a lower sequence is another one, and one without any is known by its ETag', async () => {
    const { get, publish } = openApi()
    publish(3n)
    assert.equal((await get(of(PARTNER, '&after=7'))).body, '{"spiffe_sequence":3}')
    publish(null)
    assert.equal((await get(of(PARTNER, '&after=7'))).statusCode, 200)
    const polled = get(of(PARTNER, '&wait=30s'), { 'if-none-match': '"null"' })
    await soon()
    publish(9_223_372_036_854_775_807n)
    assert.equal((await polled).body, '{"spiffe_sequence":9223372036854775807}')
    assert.equal((await get(of(PARTNER, '&after=9223372036854775807'))).statusCode, 304)
    assert.equal((await get(of(PARTNER, '&after=9223372036854775806'))).statusCode, 200)
  })

  test('F-23: who waits is told when it is gone', async () => {
    const { get, publish } = openApi()
    const polled = get(of(PARTNER, '&after=7&wait=30s'))
    await soon()
    publish('gone')
    assert.equal((await polled).statusCode, 404)
  })

  test('what is said of a foreign bundle says nothing of ours', async () => {
    const reported: number[] = []
    await openApi(reported).get(of(PARTNER, '&after=7'))
    assert.deepEqual(reported, [])
  })
})
