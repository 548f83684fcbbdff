import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'
import type { Json } from './jwt-maker.ts'

const MAIN = join(import.meta.dirname, '../../bin/alcazar.cjs')
const START_TIMEOUT_MS = 60_000

/** What a service is started with; `directory` is that of an earlier one to start it again. */
export interface ServiceOptions {
  readonly directory?: string
  /** Beside free ports for every listener. */
  readonly config?: Json
  readonly env?: Readonly<Record<string, string>>
  /** As `npm start` has it: no configuration file, default ports, `./data`. */
  readonly isNewcomer?: boolean
}

/** How a process ended, and what it had said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
}

/** `alcazar serve` in a process of its own. */
export interface Service {
  /** Holds `alcazar.yaml` and `data`. */
  readonly directory: string
  readonly data: string
  /** Lines so far. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  address(listener: 'grpc' | 'https' | 'monitoring' | 'decisions' | 'bundle' | 'admin'): string
  port(listener: 'grpc' | 'https' | 'monitoring'): number
  /** `bundle.pem`. */
  roots(): string
  /** Replaces the configuration file; SIGHUP has it read. */
  configure(config: Json | string): void
  signal(signal: NodeJS.Signals): void
  /** SIGTERM; resolves when the process ended. */
  stop(): Promise<Ended>
  /** SIGKILL. */
  kill(): Promise<Ended>
}

const running = new Set<ChildProcess>()
const killAll = () => {
  for (const child of running) child.kill('SIGKILL')
}
after(killAll) // a failed test leaves its service behind, which would keep the file from ending
process.on('exit', killAll)

/** A fresh folder, removed at the end of this process. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'alcazar-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts the service and waits until it says `ready`; rejects with what it said when it does not come that far. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { directory, child, stdout, stderr, ready, ended } = spawnService(options)
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  await Promise.race([ready, ended])
  clearTimeout(timer)
  if (!stdout.includes('ready')) throw new Error(`the service did not become ready:\n${stderr.join('\n')}`)
  const listeners = new Map(stdout.flatMap((line) => toListener(line)))
  const address = (name: string) => listeners.get(name) ?? fail(`there is no listener ${name}`)
  const signal = (name: NodeJS.Signals) => {
    child.kill(name)
  }
  return {
    directory,
    data: join(directory, 'data'),
    stdout,
    stderr,
    address,
    port: (name) => Number(address(name).split(':').at(-1)),
    roots: () => readFileSync(join(directory, 'data', 'bundle.pem'), 'utf8'),
    configure: (config) => writeConfig(directory, config),
    signal,
    stop: () => end(child, 'SIGTERM', ended),
    kill: () => end(child, 'SIGKILL', ended),
  }
}

/** Starts a service that refuses to start, and gives how it ended. */
export async function runRefused(options: ServiceOptions): Promise<Ended & { readonly stderr: string }> {
  const { child, stdout, stderr, ready, ended } = spawnService(options)
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  const result = await Promise.race([ended, ready.then(() => end(child, 'SIGKILL', ended))])
  clearTimeout(timer)
  if (stdout.includes('ready')) throw new Error('the service did start')
  return { ...result, stderr: stderr.join('\n') }
}

function spawnService({ directory = newDirectory(), config = {}, env = {}, isNewcomer = false }: ServiceOptions) {
  writeConfig(directory, config)
  const options = ['--config', join(directory, 'alcazar.yaml'), '--data', join(directory, 'data')]
  const child = spawn(process.execPath, [MAIN, 'serve', ...(isNewcomer ? [] : options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: directory,
    env: { PATH: process.env.PATH, ...env },
  })
  running.add(child)
  const started = performance.now()
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    running.delete(child)
    return { code, signal, milliseconds: performance.now() - started }
  })
  const stdout: string[] = []
  const stderr: string[] = []
  const ready = new Promise<void>((resolve) => {
    eachLine(child.stdout, (line) => {
      stdout.push(line)
      if (line === 'ready') resolve()
    })
  })
  eachLine(child.stderr, (line) => stderr.push(line))
  return { directory, child, stdout, stderr, ready, ended }
}

/** JSON is YAML. */
function writeConfig(directory: string, config: Json | string): void {
  const listen = { grpc: '127.0.0.1:0', https: '127.0.0.1:0', monitoring: '127.0.0.1:0' }
  const text = typeof config === 'string' ? config : JSON.stringify({ listen, ...config })
  writeFileSync(join(directory, 'alcazar.yaml'), text)
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  createInterface({ input: stream }).on('line', take)
}

async function end(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<Ended>): Promise<Ended> {
  const asked = performance.now()
  child.kill(signal)
  return { ...(await ended), milliseconds: performance.now() - asked }
}

function toListener(line: string): [string, string][] {
  const [word, name, address] = line.split(' ')
  return word === 'listening' && name !== undefined && address !== undefined ? [[name, address]] : []
}

function fail(message: string): never {
  throw new Error(message)
}
