import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildCore } from '../../../src/app/core.ts'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { newDirectory } from '../../support/service.ts'

/** The log lives as long as the process: it tells why the start failed. */
const LOG_FLUSH_MS = 100

test('a start that fails leaves nothing running, and can be tried again at once', async (t) => {
  const dataDir = newDirectory()
  const set = t.mock.method(globalThis, 'setInterval')
  const cleared = t.mock.method(globalThis, 'clearInterval')
  const start = (path: string) => {
    const config = resolveConfig({ dataDir, log: { level: 'error' }, decisions: { log: { path } } }, { env: {} })
    return buildCore(config, { clock: systemClock, terminal: false, env: {}, version: '0' })
  }
  const running = () => {
    const ended = cleared.mock.calls.map((call) => call.arguments[0])
    const parts = set.mock.calls.filter((call) => call.arguments[1] !== LOG_FLUSH_MS)
    return parts.map(({ result }) => result).filter((timer) => !ended.includes(timer))
  }

  await assert.rejects(start(join(dataDir, 'nowhere', 'decisions.log')), { name: 'StartupError' })
  assert.ok(set.mock.callCount() > 0)
  assert.deepEqual(running(), [])

  const core = await start(join(dataDir, 'decisions.log'))
  await core.close()
  assert.deepEqual(running(), [])
})
