import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { silentLog } from '../../../src/kernel/log.ts'
import { type DecisionLogOptions, openDecisionLog } from '../../../src/telemetry/decision-log.ts'
import { decidedEvent } from '../../support/decisions.ts'
import { FakeClock } from '../../support/fakes.ts'

const directory = mkdtempSync(join(tmpdir(), 'alcazar-decisions-'))
after(() => rmSync(directory, { recursive: true }))

let files = 0
async function open(options: Partial<DecisionLogOptions> = {}, random = () => 0) {
  const path = join(directory, `${files++}.log`)
  const lost = { decisions: 0 }
  const log = await openDecisionLog(
    { path, sample: 1, maxSize: 1_048_576, redactHeaders: [], ...options },
    { clock: new FakeClock(0), log: silentLog, random, onLost: (count) => (lost.decisions += count) },
  )
  return { log, path: options.path ?? path, lost }
}

const linesIn = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)

test('decisions are written as JSON lines that only the owner may read', async () => {
  const { log, path } = await open()
  for (let i = 0; i < 100; i++) log.decided(decidedEvent({}, { micros: i }))
  await log.close()
  assert.deepEqual(
    linesIn(path).map((line) => JSON.parse(line).micros),
    Array.from({ length: 100 }, (_, i) => i),
  )
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a sample is written', async () => {
  let next = 0
  const { log, path } = await open({ sample: 0.25 }, () => (next++ % 4) / 4)
  for (let i = 0; i < 100; i++) log.decided(decidedEvent())
  await log.close()
  assert.equal(linesIn(path).length, 25)
})

test('the file and the one before it stay within their size', async () => {
  const maxSize = 20_000
  const { log, path, lost } = await open({ maxSize })
  for (let i = 0; i < 200; i++) log.decided(decidedEvent({}, { micros: i }))
  await log.close()
  assert.ok(statSync(path).size <= maxSize && statSync(`${path}.1`).size <= maxSize)
  assert.equal(JSON.parse(linesIn(path).at(-1) ?? '').micros, 199)
  assert.equal(lost.decisions, 0)
})

test('an existing file is continued, and its size counts', async () => {
  const first = await open()
  first.log.decided(decidedEvent())
  await first.log.close()
  const { log, path } = await open({ path: first.path, maxSize: 700 })
  log.decided(decidedEvent())
  await log.close()
  assert.equal(linesIn(path).length, 1)
  assert.equal(linesIn(`${path}.1`).length, 1)
})

test('half a line that a crash left stays alone', async () => {
  const { log, path } = await open()
  await log.close()
  writeFileSync(path, '{"time":"2026-11-21T03')
  const next = await open({ path })
  for (let i = 0; i < 2; i++) next.log.decided(decidedEvent({}, { micros: i }))
  await next.log.close()
  const [half, ...whole] = linesIn(path)
  assert.equal(half, '{"time":"2026-11-21T03')
  assert.deepEqual(
    whole.map((line) => JSON.parse(line).micros),
    [0, 1],
  )
})

const LIMIT = 'prlimit' // of util-linux
const canLimit = spawnSync('sh', ['-c', `${LIMIT} --version`]).status === 0

test('half a line that a full disk left stays alone', { skip: !canLimit }, async (t) => {
  const limit = (bytes: string) => spawnSync('sh', ['-c', `${LIMIT} --pid ${process.pid} --fsize=${bytes}:`])
  const ignore = () => {}
  process.on('SIGXFSZ', ignore) // a file that may not grow fails with EFBIG then, as with ENOSPC on a full disk
  t.after(() => process.off('SIGXFSZ', ignore))
  const { log, path, lost } = await open()
  log.decided(decidedEvent())
  while (statSync(path).size === 0) await setImmediate()
  const whole = statSync(path).size
  limit(String(whole + 100))
  log.decided(decidedEvent({}, { micros: 1 }))
  while (lost.decisions === 0) await setImmediate()
  limit('unlimited')
  log.decided(decidedEvent({}, { micros: 2 }))
  await log.close()
  const [, half = '', last = ''] = linesIn(path)
  assert.equal(half.length, 100)
  assert.equal(JSON.parse(last).micros, 2)
})

test('what cannot be queued or written is lost and counted, and nothing waits for it', async () => {
  const { log, lost } = await open()
  for (let i = 0; i < 5_000; i++) log.decided(decidedEvent())
  assert.equal(lost.decisions, 5_000 - 4_096)
  await log.close()
})

test('a full disk costs the lines and nothing else', async () => {
  const { log, lost } = await open({ path: '/dev/full' })
  for (let i = 0; i < 3; i++) log.decided(decidedEvent())
  await log.close()
  assert.equal(lost.decisions, 3)
})

test('a file that cannot be opened is told at the start', async () => {
  await assert.rejects(open({ path: join(directory, 'no/such/file') }), { code: 'config.invalid' })
})
