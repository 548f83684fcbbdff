import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newRequest } from '../../support/doors.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer, eventually } from '../../support/service-api.ts'

const directory = newDirectory()
const SCRIPTS = join(import.meta.dirname, '../../../scripts')

/** Certificates of seconds: a rotation ends while one looks at it. */
const CONFIG = {
  server: { ttl: '3s' },
  issuance: { defaultTtl: '3s', maxTtl: '4s', minTtl: '1s', backdate: '0s' },
  authority: { skew: '1s' },
}

interface Item {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly keyType: string
  readonly issuer: string
}

interface Outcome {
  readonly exit: number
  readonly lines: readonly { readonly id: string; readonly state: string }[]
  readonly stderr: string
}

let service: Service
before(async () => {
  service = await startService({ config: CONFIG })
})
after(() => service.stop())

/** Runs a script to its end; the command line needs the Node that runs the tests. */
async function run(script: string, words: readonly string[], server = service.address('admin')): Promise<Outcome> {
  const path = `${join(process.execPath, '..')}:${process.env.PATH}`
  const env = { PATH: path, ALCAZAR_SERVER: server }
  const child = spawn('sh', [resolve(SCRIPTS, script), ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [exit] = await once(child, 'close')
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { exit, lines: lines.map((line) => JSON.parse(line)), stderr }
}

async function list<T>(path: string): Promise<readonly T[]> {
  return JSON.parse((await administer(service, 'GET', path)).text).items
}

async function activeOf(kind: string): Promise<Item> {
  const items = await list<Item>('/v1/authorities')
  return items.find((item) => item.kind === kind && item.state === 'active') ?? assert.fail(`no active ${kind}`)
}

/** Somebody has a certificate, and has not heard of the next root. */
async function certifySomebody(): Promise<void> {
  const wanted = { identity: 'spiffe://cluster.local/ns/shop/sa/web', csr: newRequest().csr, ttl: '5s' }
  assert.equal((await administer(service, 'POST', '/v1/certificates', wanted)).status, 201)
}

const runningRotations = async () => {
  const rotations = await list<{ id: string; state: string }>('/v1/rotations')
  return rotations.filter(({ state }) => state !== 'done' && state !== 'aborted')
}

describe('rotate-root.sh', () => {
  test('replaces the root with another key type; run again meanwhile, it follows the same rotation', async () => {
    const old = await activeOf('root')
    const first = run('rotate-root.sh', ['--yes', '--key-type', 'ec-p384', '--reason', 'a test'])
    await eventually('a rotation runs', async () => (await runningRotations()).length === 1)
    const [one, two] = await Promise.all([first, run('rotate-root.sh', ['--yes'])])
    assert.deepEqual([one.exit, two.exit], [0, 0], one.stderr + two.stderr)
    assert.match(two.stderr, /runs already: following it/)
    assert.equal(new Set([...one.lines, ...two.lines].map(({ id }) => id)).size, 1)
    assert.equal(one.lines.at(-1)?.state, 'done')
    const root = await activeOf('root')
    assert.notEqual(root.id, old.id)
    assert.equal(root.keyType, 'ec-p384')
    assert.equal((await activeOf('intermediate')).issuer, root.id)
    const states = (await list<Item>('/v1/authorities')).filter(({ id }) => id === old.id)
    assert.deepEqual(
      states.map(({ state }) => state),
      ['retired'],
    )
    assert.match(one.stderr, new RegExp(`${root.id.slice(0, 12)} +root +active`))
  })

  test('ends with 1 and says why when somebody aborts, and the old root signs on', async () => {
    const old = await activeOf('root')
    await certifySomebody() // so that the rotation cannot be over before it is aborted
    const script = run('rotate-root.sh', ['--yes'])
    await eventually('a rotation runs', async () => (await runningRotations()).length === 1)
    const [running] = await runningRotations()
    assert.equal((await administer(service, 'POST', `/v1/rotations/${running?.id}/abort`, {})).status, 200)
    const { exit, stderr } = await script
    assert.equal(exit, 1)
    assert.match(stderr, /was aborted.*\n.*safe to run this again/)
    assert.equal((await activeOf('root')).id, old.id)
  })

  test('with --cross-sign the new root signs at once, although somebody is behind; a link leads to the script', async () => {
    const old = await activeOf('root')
    await certifySomebody()
    symlinkSync(join(SCRIPTS, 'rotate-root.sh'), join(directory, 'one.sh'))
    symlinkSync('one.sh', join(directory, 'two.sh'))
    const { exit, lines, stderr } = await run(join(directory, 'two.sh'), ['--yes', '--cross-sign'])
    assert.equal(exit, 0, stderr)
    assert.equal(lines.at(-1)?.state, 'done')
    assert.ok(!lines.some(({ state }) => state === 'distributing'), JSON.stringify(lines))
    assert.notEqual((await activeOf('root')).id, old.id)
  })
})

test('rotate-intermediate.sh has nothing to cross-sign', async () => {
  const { exit, stderr } = await run('rotate-intermediate.sh', ['--yes', '--cross-sign'])
  assert.equal(exit, 2)
  assert.doesNotMatch(stderr, /\[--cross-sign\]/)
})

test('rotate-intermediate.sh replaces the intermediate below the same root', async () => {
  const old = await activeOf('intermediate')
  const { exit, lines, stderr } = await run('rotate-intermediate.sh', ['--yes', '--key-type', 'rsa-2048'])
  assert.equal(exit, 0, stderr)
  assert.equal(lines.at(-1)?.state, 'done')
  const next = await activeOf('intermediate')
  assert.deepEqual([next.id === old.id, next.issuer, next.keyType], [false, old.issuer, 'rsa-2048'])
})

for (const script of ['rotate-root.sh', 'rotate-intermediate.sh']) {
  test(`${script}: what it is given wrongly is 2, nobody to ask is 2, no server is 69`, async () => {
    assert.equal((await run(script, ['--now'])).exit, 2)
    assert.equal((await run(script, ['--key-type'])).exit, 2)
    assert.equal((await run(script, ['--yes', '--key-type', 'dsa'])).exit, 2)
    assert.equal((await run(script, [])).exit, 2)
    assert.equal((await run(script, ['--yes'], '/nowhere/admin.sock')).exit, 69)
    assert.deepEqual(await runningRotations(), [])
  })
}
