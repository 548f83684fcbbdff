import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type LogOptions, openLog } from '../../../src/telemetry/log.ts'

const LOG_MODULE = join(import.meta.dirname, '../../../src/telemetry/log.ts')
const directory = mkdtempSync(join(tmpdir(), 'alcazar-log-'))
after(() => rmSync(directory, { recursive: true }))
let files = 0

type Line = Record<string, unknown>

type Use = (log: Awaited<ReturnType<typeof openLog>>) => void

async function written(use: Use, level: LogOptions['level'] = 'info'): Promise<{ text: string; lines: Line[] }> {
  const file = join(directory, `${files++}.log`)
  const open = await openLog({ level, pretty: false, destination: openSync(file, 'w') })
  use(open)
  open.flush()
  const text = readFileSync(file, 'utf8')
  return { text, lines: parseLines(text) }
}

async function linesOf(use: Use, level: LogOptions['level'] = 'info'): Promise<Line[]> {
  return (await written(use, level)).lines
}

function parseLines(text: string): Line[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Line)
}

test('log: a line has level, time, event and its fields', async () => {
  const [line = {}] = await linesOf(({ log }) => log.info('cert.issued', { serial: 'ab', milliseconds: 1.5 }))
  const { time, ...rest } = line
  assert.deepEqual(rest, { level: 'info', event: 'cert.issued', serial: 'ab', milliseconds: 1.5 })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

for (const [level, want] of [
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
] as const) {
  test(`log: at level ${level}`, async () => {
    const lines = await linesOf(({ log }) => {
      log.debug('debug')
      log.info('info')
      log.warn('warn')
      log.error('error')
    }, level)
    assert.deepEqual(
      lines.map((line) => line.event),
      want,
    )
  })
}

for (const name of ['token', 'authorization', 'key', 'csr', 'passphrase', 'joinToken']) {
  test(`log: ${name} is never shown`, async () => {
    const [line = {}] = await linesOf(({ log }) => log.warn('x.y', { [name]: 'alcz_secret', other: 'seen' }))
    assert.equal(line.other, 'seen')
    assert.ok(!JSON.stringify(line).includes('alcz_secret'))
  })
}

test('log: an error comes with its stack and its cause', async () => {
  const [line = {}] = await linesOf(({ log }) =>
    log.error('x.failed', { error: new Error('outer', { cause: new Error('inner') }) }),
  )
  assert.match(JSON.stringify(line.error), /outer.*inner/)
})

const STEERING = 'a\u009b31m\u202eb\u2028c\x1b[2J'

for (const [what, fields] of [
  ['a field', { subject: STEERING }],
  ['an error', { error: new Error(STEERING) }],
] as const) {
  test(`log: ${what} from a stranger steers no terminal that shows the lines`, async () => {
    const { text, lines } = await written(({ log }) => log.error('x.y', fields))
    assert.match(text, /^[\x20-\x7e\n]+$/)
    assert.ok(JSON.stringify(lines).includes(JSON.stringify(STEERING).slice(1, -1)), 'the value stays the same')
  })
}

test('log: text for people has no more than its own colours', () => {
  const program = `
    const { openLog } = await import(${JSON.stringify(LOG_MODULE)})
    const { log } = await openLog({ level: 'info', pretty: true, destination: 1 })
    log.info('x.y', { subject: ${JSON.stringify(STEERING)} })
    log.error('x.z', { error: new Error(${JSON.stringify(STEERING)}) })`
  const env = { ...process.env, NO_COLOR: '1' }
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env })
  assert.match(stdout, /x\.y.*\n(?:.*\n)*.*x\.z/)
  assert.match(stdout, /^[\x20-\x7e\n]+$/)
})

test('log: text from a stranger cannot begin a line of its own', async () => {
  const lines = await linesOf(({ log }) =>
    log.info('cert.refused', { identity: 'a\n{"level":"info","event":"cert.issued"}' }),
  )
  assert.equal(lines.length, 1)
})

test('log: what waits is written when the process exits', () => {
  const script = `
    const { openLog } = await import(${JSON.stringify(LOG_MODULE)})
    const { log } = await openLog({ level: 'info', pretty: false })
    for (let i = 0; i < 1000; i++) log.info('x.y', { i })
    process.exit(3)`
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(status, 3)
  assert.deepEqual(
    parseLines(stderr).map((line) => line.i),
    Array.from({ length: 1_000 }, (_, i) => i),
  )
})

test('log: is written soon, without an exit and without many lines', () => {
  const script = `
    const { openLog } = await import(${JSON.stringify(LOG_MODULE)})
    const { log } = await openLog({ level: 'info', pretty: false })
    log.info('x.y')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000)`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(parseLines(stderr).length, 1)
})

test('log: a disk that is full is told, and stops nothing', { skip: process.platform !== 'linux' }, () => {
  const script = `
    const { openLog } = await import(${JSON.stringify(LOG_MODULE)})
    let lost = 0
    const { log } = await openLog({ level: 'info', pretty: false, destination: '/dev/full', onLost: () => { lost++ } })
    for (let i = 0; i < 100; i++) log.info('x.y', { text: 'x'.repeat(100) })
    setTimeout(() => { process.stdout.write(lost > 0 ? 'told' : 'silent'); process.kill(process.pid, 'SIGKILL') }, 500)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(stdout, 'told')
})

test('log: people get text', async () => {
  const destination = join(directory, 'pretty.log')
  const { log } = await openLog({ level: 'info', pretty: true, destination })
  log.info('cert.issued', { identity: 'spiffe://a/b', token: 'alcz_secret' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const text = readFileSync(destination, 'utf8')
  assert.match(text, /INFO.*cert\.issued/)
  assert.ok(!text.startsWith('{') && !text.includes('alcz_secret'))
})
