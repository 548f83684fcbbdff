import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { buildCore, type Core } from '../../../src/app/core.ts'
import { resolveConfig } from '../../../src/config/load-config.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import { newRequest } from '../../support/doors.ts'
import { newDirectory } from '../../support/service.ts'

const DAY = 86_400_000
const IDENTITY = 'spiffe://cluster.local/ns/default/sa/web'

/** The clock of this machine, as somebody else has set it. */
let set = 0
const clock: Clock = { now: () => Date.now() + set, monotonic: () => performance.now() }
const data = newDirectory()
let core: Core

before(async () => {
  core = await start()
})
after(async () => {
  await core.close()
  rmSync(data, { recursive: true, force: true })
})

function start(): Promise<Core> {
  const config = resolveConfig({ dataDir: data, log: { level: 'error' } }, { env: {} })
  return buildCore(config, { clock, terminal: false, env: {}, version: '0' })
}

function issue() {
  const { csr } = newRequest()
  return core.issue({ evidence: { localAdmin: true }, identity: IDENTITY, csr, peer: 'local', requestId: 'r' })
}

async function metric(name: string): Promise<string | undefined> {
  const { body } = await core.metrics.render()
  return body.split('\n').find((line) => line.startsWith(name))
}

test('hostile 103: a clock that is set back a day is told at once, and nothing predates its issuer', async () => {
  await issue()
  assert.deepEqual(core.readiness(), { ok: true, problems: [] })
  set = -DAY
  await assert.rejects(issue(), { code: 'issue.no_active_authority' })
  const { ok, problems } = core.readiness()
  assert.equal(ok, false)
  assert.match(problems.join('\n'), /^the active intermediate is not valid yet.*\nthe clock was set back by 86400 s/)
  assert.equal(await metric('alcazar_clock_off_seconds'), 'alcazar_clock_off_seconds -86400')
  set = 0
  assert.deepEqual(core.readiness(), { ok: true, problems: [] })
  assert.equal(
    await metric('alcazar_clock_jumps_total{direction="back"}'),
    'alcazar_clock_jumps_total{direction="back"} 1',
  )
  await issue()
})

test('hostile 103: by a clock that went forward no root takes over, and none leaves', async () => {
  const note = { actor: 'somebody', reason: 'a test' }
  const { rotator } = core.rotation
  const { id } = await rotator.prepare({ kind: 'root', ...note })
  await assert.rejects(rotator.activate({ id, ...note, isForced: false }), { code: 'authority.not_ready' })
  set = 2 * DAY // everything has expired by it
  await assert.rejects(rotator.activate({ id, ...note, isForced: false }), { code: 'authority.not_ready', seen: '1' })
  assert.match(core.readiness().problems.join('\n'), /^the clock went forward by 172800 s/)
  set = 0
  await rotator.activate({ id, ...note, isForced: true })
  const old = core.authorities.list().find(({ kind, state }) => kind === 'root' && state === 'draining')
  set = 2 * DAY
  await core.rotation.loop.tick()
  const retirement = rotator.retire({ id: old?.id ?? '', ...note, isForced: false })
  await assert.rejects(retirement, { code: 'authority.not_ready' })
  set = 0
  assert.deepEqual(core.readiness().problems, [])
})

test('hostile 103: a start by a clock that is behind the record says so', async () => {
  await core.close()
  set = -DAY / 48 // the authorities are valid from an hour before
  core = await start()
  const { ok, problems } = core.readiness()
  assert.equal(ok, true)
  assert.match(problems.join('\n'), /^the clock is (1799|180\d) s behind the newest time on the record/)
})
