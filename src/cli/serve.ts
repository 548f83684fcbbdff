import { join, relative } from 'node:path'
import { type App, startApp } from '../app.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import { systemClock } from '../kernel/clock.ts'
import { readVersion } from './version.ts'

export interface ServeOptions {
  readonly config?: string
  readonly data?: string
}

/** Runs the service until SIGTERM or SIGINT; SIGHUP reads the configuration again. */
export async function serve(options: ServeOptions): Promise<void> {
  const read = () =>
    loadConfig({
      env: process.env,
      ...(options.config === undefined ? {} : { file: options.config }),
      ...(options.data === undefined ? {} : { overrides: { dataDir: options.data } }),
    })
  const config = read()
  const terminal = process.stderr.isTTY === true
  const askedToStop = untilAskedToStop() // before it says `ready`, and before there is anything to lose
  const app = await startApp(config, { clock: systemClock, terminal, env: process.env, version: readVersion() })
  process.on('SIGHUP', () => reload(app, read))
  print(app, config)
  const signal = await askedToStop
  app.core.log.info('service.stopping', { signal })
  await app.stop()
}

/** How long a repeated signal is the same one: Ctrl-C reaches this process from the terminal and from npm. */
const SAME_SIGNAL_MS = 1_000

/** The first SIGTERM or SIGINT; one that comes later is impatience and ends the process at once. */
function untilAskedToStop(): Promise<NodeJS.Signals> {
  const signals = ['SIGTERM', 'SIGINT'] as const
  return new Promise((resolve) => {
    let askedAt: number | null = null
    const ask = (signal: NodeJS.Signals) => {
      if (askedAt === null) {
        askedAt = performance.now()
        resolve(signal)
      } else if (performance.now() - askedAt > SAME_SIGNAL_MS) {
        process.removeAllListeners(signal)
        process.kill(process.pid, signal)
      }
    }
    for (const signal of signals) process.on(signal, ask)
  })
}

/** An invalid file, or one that cannot be put in force, leaves everything as it was and says so. */
function reload(app: App, read: () => Config): void {
  const { log } = app.core
  try {
    const { changed, refused } = app.reload(read())
    app.core.metrics.configReloaded('applied')
    log.info('config.reloaded', { changed })
    if (refused.length > 0) log.warn('config.restart_needed', { paths: refused })
  } catch (error) {
    app.core.metrics.configReloaded('refused')
    log.error('config.refused', { error, kept: 'the settings in force' })
  }
}

/** The lines for a newcomer, each listener, then `ready`. */
function print(app: App, config: Config): void {
  const { directory } = app.core
  const identity = `spiffe://${config.trustDomain}/ns/default/sa/web`
  const lines = [
    `Alcazar ${app.core.version}, trust domain ${config.trustDomain}, data in ${directory.root}`,
    '',
    'A first certificate, in another terminal:',
    `  npx alcazar${serverOption(directory.adminSocket)} cert issue --identity ${identity} --out ./web`,
    `  openssl verify -CAfile ${shortest(directory.bundle)} -untrusted web/cert-chain.pem web/cert-chain.pem`,
    '',
    ...app.listeners.map(({ name, address }) => `listening ${name} ${address}`),
    'ready',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Nothing where a command finds the socket by itself. */
function serverOption(socket: string): string {
  return shortest(socket) === join('data', 'admin.sock') ? '' : ` --server ${shortest(socket)}`
}

/** The path as seen from here, when that is shorter. */
function shortest(path: string): string {
  const seen = relative(process.cwd(), path)
  return seen.length < path.length ? seen : path
}
