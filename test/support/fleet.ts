import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FleetClientOptions, FleetTarget } from './fleet-client.ts'
import type { FleetCounts, FleetSample } from './fleet-tally.ts'

export interface WorkerOptions {
  readonly clients: readonly FleetClientOptions[]
  readonly target: FleetTarget
}

export type ToFleet = { readonly kind: 'run'; readonly ports: readonly number[] } | { readonly kind: 'stop' }
export type FromFleet =
  | { readonly kind: 'listening'; readonly ports: readonly number[] }
  | { readonly kind: 'sample'; readonly sample: FleetSample }
  | { readonly kind: 'ended'; readonly counts: FleetCounts }

/** Clients in threads of their own. */
export interface Fleet {
  /** Resolves to what all of them have seen. */
  stop(): Promise<FleetCounts>
}

const THREADS = 2

/** Starts the clients and lets them connect to one another once all have a certificate. */
export async function startFleet(
  { clients, target }: WorkerOptions,
  onSample: (sample: FleetSample) => void,
): Promise<Fleet> {
  const parts = Array.from({ length: THREADS }, (_, part) => clients.filter((_one, i) => i % THREADS === part))
  const workers = parts.map((some) => startWorker({ clients: some, target }, onSample))
  const ports = (await Promise.all(workers.map(({ listening }) => listening))).flat()
  for (const { worker } of workers) worker.postMessage({ kind: 'run', ports } satisfies ToFleet)
  return {
    async stop() {
      for (const { worker } of workers) worker.postMessage({ kind: 'stop' } satisfies ToFleet)
      const counts = await Promise.all(workers.map(({ ended }) => ended))
      await Promise.all(workers.map(({ worker }) => worker.terminate()))
      return sum(counts)
    },
  }
}

function startWorker(workerData: WorkerOptions, onSample: (sample: FleetSample) => void) {
  const worker = new Worker(join(import.meta.dirname, 'fleet-worker.ts'), { workerData })
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error))
  const listening = Promise.withResolvers<readonly number[]>()
  const ended = Promise.withResolvers<FleetCounts>()
  worker.on('message', (message: FromFleet) => {
    if (message.kind === 'listening') listening.resolve(message.ports)
    else if (message.kind === 'sample') onSample(message.sample)
    else ended.resolve(message.counts)
  })
  return {
    worker,
    listening: Promise.race([listening.promise, failed]),
    ended: Promise.race([ended.promise, failed]),
  }
}

function sum(parts: readonly FleetCounts[]): FleetCounts {
  const failures: Record<string, number> = {}
  for (const part of parts) {
    for (const [reason, count] of Object.entries(part.failures)) failures[reason] = (failures[reason] ?? 0) + count
  }
  const total = (of: (counts: FleetCounts) => number) => parts.reduce((all, one) => all + of(one), 0)
  return {
    connected: total(({ connected }) => connected),
    unanswered: total(({ unanswered }) => unanswered),
    outliving: total(({ outliving }) => outliving),
    serials: parts.flatMap(({ serials }) => serials),
    failures,
  }
}
