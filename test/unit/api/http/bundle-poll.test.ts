import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { App } from '../../../../src/api/http/base.ts'
import { BundleWaiters } from '../../../../src/api/http/bundle-waiters.ts'
import type { WatchedBundle } from '../../../../src/api/http/deps.ts'
import { fakeDeps } from '../../../support/http.ts'

/** A bundle that tests publish. */
function openBundle(sequence = 3) {
  const listeners = new Set<() => void>()
  const bundle: WatchedBundle = {
    current: () => ({ sequence, roots: [], pem: '', spiffe: `{"spiffe_sequence":${sequence}}`, etag: `"${sequence}"` }),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const publish = (next: number) => {
    sequence = next
    for (const listener of listeners) listener()
  }
  return { bundle, publish, listeners }
}

let app: App | undefined
afterEach(() => app?.close())

function openApi(
  bundle: WatchedBundle,
): (query: string, headers?: Record<string, string>) => Promise<[number, string, unknown]> {
  const opened = buildApi(fakeDeps({ bundle }), 'network', (handler) => createServer(handler))
  app = opened
  return async (query, headers = {}) => {
    const {
      statusCode,
      body,
      headers: got,
    } = await opened.inject({ method: 'GET', url: `/v1/bundle${query}`, headers })
    return [statusCode, body, got.etag]
  }
}

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 20))

describe('GET /v1/bundle?after=&wait=', () => {
  test('answers at once where there is a newer bundle, or nobody waits', async () => {
    const get = openApi(openBundle().bundle)
    assert.deepEqual(await get('?after=2&wait=60s'), [200, '{"spiffe_sequence":3}', '"3"'])
    assert.deepEqual(await get('?after=3'), [304, '', '"3"'])
    assert.deepEqual(await get('?after=4'), [304, '', '"3"'])
    assert.equal((await get('?wait=60s'))[0], 200)
    assert.equal((await get('?after=2', { 'if-none-match': '"3"' }))[0], 304)
  })

  test('waits for the next bundle, and not for a change that is none', async () => {
    const { bundle, publish } = openBundle()
    const get = openApi(bundle)
    let answered = false
    const polled = get('?after=3&wait=30s').finally(() => {
      answered = true
    })
    await soon()
    publish(3)
    await soon()
    assert.equal(answered, false)
    publish(4)
    assert.deepEqual(await polled, [200, '{"spiffe_sequence":4}', '"4"'])
  })

  test('says 304 at the end of the wait, and when the service stops', async () => {
    const get = openApi(openBundle().bundle)
    assert.equal((await get('?after=3&wait=1'))[0], 304)
    const polled = get('?after=3&wait=60s')
    await soon()
    await app?.close()
    assert.equal((await polled)[0], 304)
  })

  for (const query of ['?after=-1', '?after=x', '?after=3&wait=soon', '?after=3&wait=1e3', '?until=3']) {
    test(`${query} is refused`, async () => assert.equal((await openApi(openBundle().bundle)(query))[0], 400))
  }
})

test('If-None-Match with wait: answers as soon as the bundle is another one', async () => {
  const { bundle, publish } = openBundle()
  const get = openApi(bundle)
  assert.equal((await get('?wait=30s', { 'if-none-match': '"2"' }))[0], 200)
  assert.equal((await get('?wait=1', { 'if-none-match': '"2", "3"' }))[0], 304)
  const polled = get('?wait=30s', { 'if-none-match': '"3"' })
  await soon()
  publish(4)
  assert.deepEqual(await polled, [200, '{"spiffe_sequence":4}', '"4"'])
})

describe('those who wait', () => {
  const { signal } = new AbortController()
  const wait = { isNews: () => false, milliseconds: 30_000, signal }

  test('are bounded in number', async () => {
    const waiters = new BundleWaiters([openBundle().bundle], 2)
    const first = [1, 2].map(() => waiters.wait(wait))
    await assert.rejects(waiters.wait(wait), { code: 'limit.queue', retryAfterSeconds: 60 })
    waiters.close()
    await Promise.all(first)
  })

  test('leave their place when they go away', async () => {
    const waiters = new BundleWaiters([openBundle().bundle], 1)
    const gone = new AbortController()
    const first = waiters.wait({ ...wait, signal: gone.signal })
    gone.abort()
    await first
    const second = waiters.wait(wait)
    waiters.close()
    await second
  })

  test('are nobody once it is closed', async () => {
    const { bundle, listeners } = openBundle()
    const waiters = new BundleWaiters([bundle])
    waiters.close()
    await waiters.wait(wait)
    assert.equal(listeners.size, 0)
  })
})
