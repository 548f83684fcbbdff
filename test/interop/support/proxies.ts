import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newDirectory } from '../../support/service.ts'
import { envoy, nginx } from './tools.ts'

const START_TIMEOUT_MS = 30_000
export const LOCAL = '127.0.0.1'

const running = new Set<ChildProcess>()
const killAll = () => {
  for (const child of running) child.kill('SIGKILL')
}
after(killAll)
process.on('exit', killAll)

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, LOCAL)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs Envoy on a configuration until the tests of the file end; resolves when `port` answers. */
export async function startEnvoy(config: string, port: number): Promise<void> {
  const file = join(newDirectory(), 'envoy.yaml')
  writeFileSync(file, config)
  const options = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning']
  await start(spawn(envoy.path, [...options, '--config-path', file], { stdio: ['ignore', 'ignore', 'pipe'] }), port)
}

/** Runs nginx on a configuration until the tests of the file end; resolves when `port` answers. */
export async function startNginx(config: string, port: number): Promise<void> {
  const prefix = newDirectory()
  const file = join(prefix, 'nginx.conf')
  mkdirSync(join(prefix, 'logs'))
  writeFileSync(file, config)
  const globals = `daemon off; master_process off; pid ${join(prefix, 'pid')}; error_log stderr warn;`
  const args = ['-p', prefix, '-c', file, '-g', globals]
  await start(spawn(nginx.path, args, { stdio: ['ignore', 'ignore', 'pipe'] }), port)
}

async function start(child: ChildProcess, port: number): Promise<void> {
  running.add(child)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096)
  })
  const ended = once(child, 'close').then(() => running.delete(child))
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await answers(port))) {
    if (!running.has(child) || Date.now() > deadline) throw new Error(`${child.spawnfile} did not start:\n${said}`)
    await Promise.race([sleep(50), ended])
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = net.connect(port, LOCAL)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false // not listening yet
  } finally {
    socket.destroy()
  }
}
