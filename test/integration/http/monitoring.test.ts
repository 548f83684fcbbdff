import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { MonitoringDeps, Readiness } from '../../../src/api/http/deps.ts'
import { type HttpListener, openMonitoring } from '../../../src/api/http/listen.ts'
import { fakeDeps } from '../../support/http.ts'

let listener: HttpListener
let live = true
let ready: Readiness
const deps: MonitoringDeps = {
  ...fakeDeps(),
  live: () => live,
  ready: () => ready,
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' }),
}

before(async () => {
  listener = await openMonitoring({ host: '127.0.0.1', port: 0 }, deps)
})
after(() => listener.close(0))
beforeEach(() => {
  live = true
  ready = { ok: true, problems: [] }
})

const get = (path: string, init?: RequestInit) => fetch(`http://${listener.address}${path}`, init)

test('/metrics is what the registry renders', async () => {
  const response = await get('/metrics')
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(await response.text(), 'up 1\n')
})

test('/livez and /readyz are 200 while all is well', async () => {
  for (const path of ['/livez', '/readyz']) {
    const response = await get(path)
    assert.deepEqual([response.status, await response.json()], [200, { ok: true, problems: [] }])
  }
})

test('/readyz is 503 with the problems', async () => {
  ready = { ok: false, problems: ['the record cannot be written'] }
  const response = await get('/readyz')
  assert.deepEqual([response.status, await response.json()], [503, ready])
})

test('/livez is 503 when not live', async () => {
  live = false
  assert.equal((await get('/livez')).status, 503)
})

test('nothing of the API is here', async () => {
  assert.equal((await get('/v1/status')).status, 404)
  assert.equal((await get('/metrics', { method: 'POST' })).status, 405)
})

test('a port in use is a clear error', async () => {
  const port = Number(listener.address.split(':')[1])
  await assert.rejects(openMonitoring({ host: '127.0.0.1', port }, deps), { code: 'listen.in_use' })
})
