import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The real service in its own process, on free ports and a data directory of its own. */
export interface ServerProcess {
  readonly directory: string
  readonly startMs: number
  readonly listeners: ReadonlyMap<string, string>
  /** CPU microseconds that the process has used. */
  cpuUs(): Promise<number>
  rssMb(): Promise<number>
  stop(): Promise<void>
}

/** A fresh data directory under the system's temporary folder. */
export function newDataDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'alcazar-bench-'))
}

export function removeDataDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** Starts `alcazar serve` as `npm start` does, with `config` (the text of alcazar.yaml) and waits until it is ready. */
export async function startServer(directory: string, config: string): Promise<ServerProcess> {
  const file = join(directory, 'alcazar.yaml')
  writeFileSync(file, config)
  const main = join(import.meta.dirname, '../bin/alcazar.cjs')
  const started = performance.now()
  const child = spawn(process.execPath, [main, 'serve', '--config', file, '--data', join(directory, 'data')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const errors: string[] = []
  child.stderr.on('data', (chunk: Buffer) => {
    if (errors.length < 50) errors.push(chunk.toString())
  })
  const listeners = await readUntilReady(child, errors)
  const startMs = performance.now() - started
  const monitoring = listeners.get('monitoring') ?? ''
  const read = async (name: string) => readMetric(await get(`http://${monitoring}/metrics`), name)
  return {
    directory,
    startMs,
    listeners,
    cpuUs: async () => (await read('process_cpu_seconds_total')) * 1e6,
    rssMb: async () => (await read('process_resident_memory_bytes')) / 1e6,
    async stop() {
      child.kill('SIGTERM')
      const [code] = await once(child, 'exit')
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${errors.join('')}`)
    },
  }
}

/** Applies resources as the local administrator. */
export async function postResources({ directory }: ServerProcess, resources: readonly object[]): Promise<void> {
  const request = http.request({
    socketPath: join(directory, 'data/admin.sock'),
    method: 'POST',
    path: '/v1/resources',
    headers: { 'content-type': 'application/json' },
  })
  request.end(JSON.stringify(resources))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const text = await readText(response)
  if (response.statusCode !== 200) throw new Error(`the resources were refused: ${text}`)
}

async function readUntilReady(child: ChildProcess, errors: readonly string[]): Promise<Map<string, string>> {
  if (child.stdout === null) throw new Error('the server has no standard output')
  const listeners = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, name, address] = line.split(' ')
    if (word === 'listening' && name !== undefined && address !== undefined) listeners.set(name, address)
    if (line === 'ready') {
      child.stdout.resume()
      return listeners
    }
  }
  throw new Error(`the server ended before it was ready:\n${errors.join('')}`)
}

function readMetric(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  if (line === undefined) throw new Error(`/metrics has no ${name}`)
  return Number(line.slice(name.length + 1))
}

async function get(url: string): Promise<string> {
  const [response] = (await once(http.get(url), 'response')) as [http.IncomingMessage]
  return readText(response)
}

async function readText(response: http.IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}
