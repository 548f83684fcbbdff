import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const NEWCOMER = { PATH: `${dirname(process.execPath)}${delimiter}${withoutModules()}` }
const oldNode = findOldNode()

let work = ''
let app = ''

before(async () => {
  work = await mkdtemp(join(tmpdir(), 'alcazar-package-'))
  app = join(work, 'app')
  await mkdir(app)
  npm(ROOT, 'pack', '--pack-destination', work)
  const [tarball = ''] = (await readdir(work)).filter((name) => name.endsWith('.tgz'))
  npm(app, 'install', '--no-audit', '--no-fund', join(work, tarball))
})

after(() => rm(work, { recursive: true, force: true }))

test('the package has JavaScript and what it needs to run, and no TypeScript', async () => {
  const names = await readdir(join(app, 'node_modules/alcazar'), { recursive: true })
  assert.ok(names.includes('dist/main.js'))
  assert.ok(names.includes('migrations/sqlite'))
  assert.deepEqual(
    names.filter((name) => name.endsWith('.ts')),
    [],
  )
})

test('installed in an empty folder, npx alcazar --help answers', () => {
  const { status, stdout, stderr } = alcazar('--help')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^Usage: alcazar/)
  assert.doesNotMatch(stderr, /\(node:/) // a warning of Node about what we do
})

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  assert.equal(alcazar('--version').stdout, `${version}\n`)
})

test('the exit code of the command is that of npx', () => {
  assert.equal(alcazar('frobnicate').status, 2)
  assert.equal(alcazar('status', '--server', join(work, 'no.sock')).status, 69)
})

test('the installed service starts, answers a command and drains', { timeout: 30_000 }, async () => {
  const data = join(work, 'data')
  const listeners = ['GRPC', 'HTTPS', 'MONITORING'].map((name) => [`ALCAZAR_LISTEN_${name}`, '127.0.0.1:0'])
  const env = { ...process.env, ...Object.fromEntries(listeners) }
  const launcher = join(app, 'node_modules/.bin/alcazar')
  const service = spawn(process.execPath, [launcher, 'serve', '--data', data], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(service, 'exit')
  for await (const line of createInterface({ input: service.stdout })) if (line === 'ready') break
  const { status, stdout } = alcazar('bundle', 'show', '--server', join(data, 'admin.sock'))
  service.kill('SIGTERM')
  assert.deepEqual([status, stdout], [0, await readFile(join(data, 'bundle.pem'), 'utf8')])
  assert.deepEqual(await exited, [0, null])
})

test('every module of the package loads', () => {
  const script = `for (const name of require('node:fs').readdirSync('node_modules/alcazar/dist', { recursive: true })) {
    if (!name.endsWith('.js') || name === 'main.js' || name.endsWith('worker.js')) continue
    import(require('node:path').resolve('node_modules/alcazar/dist', name)).catch((error) => { console.error(name, error); process.exitCode = 1 })
  }`
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: app, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('an old Node says what it needs, and exits 1', { skip: oldNode === null }, () => {
  const launcher = join(app, 'node_modules/alcazar/bin/alcazar.cjs')
  const { status, stdout, stderr } = spawnSync(oldNode ?? '', [launcher, '--help'], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /needs Node\.js 24 or newer, and this is v\d+/)
})

test('in a checkout an old Node starts the pinned one', { skip: oldNode === null }, async () => {
  const checkout = join(work, 'checkout')
  for (const name of ['bin', 'src', 'package.json'])
    await cp(join(ROOT, name), join(checkout, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const launcher = join(checkout, 'bin/alcazar.cjs')
  const run = (...words: readonly string[]) => spawnSync(oldNode ?? '', [launcher, ...words], { encoding: 'utf8' })
  assert.match(run('--help').stdout, /^Usage: alcazar/)
  assert.equal(run('frobnicate').status, 2)
})

function alcazar(...words: readonly string[]) {
  return spawnSync('npx', ['--no-install', 'alcazar', ...words], {
    cwd: app,
    env: { ...process.env, ...NEWCOMER },
    encoding: 'utf8',
  })
}

function npm(cwd: string, ...words: readonly string[]): void {
  execFileSync('npm', words, {
    cwd,
    env: { ...process.env, ...NEWCOMER },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** The PATH without what npm put in front of it: the machine's own programs. */
function withoutModules(): string {
  const parts = (process.env.PATH ?? '').split(delimiter)
  return parts.filter((part) => !part.includes('node_modules')).join(delimiter)
}

/** The machine's own Node, where it is too old for us. */
function findOldNode(): string | null {
  const script = 'process.stdout.write(process.execPath + " " + process.versions.node)'
  const { stdout, status } = spawnSync('node', ['-e', script], { env: { PATH: withoutModules() }, encoding: 'utf8' })
  const [path = '', version = ''] = status === 0 ? stdout.split(' ') : []
  return path !== '' && Number(version.split('.')[0]) < 24 ? path : null
}
