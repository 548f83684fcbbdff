import { openCheckClient } from './decisions-clients.ts'
import { type MixWorkload, toResources } from './decisions-mix.ts'
import { CONFIG } from './decisions-server.ts'
import { closedLoop } from './load.ts'
import {
  newDataDirectory,
  postResources,
  removeDataDirectory,
  type ServerProcess,
  startServer,
} from './server-process.ts'

/** Resident megabytes of the server beyond what it takes without policies. */
export interface MemoryFigures {
  readonly idleMb: number
  /** Right after everything was applied at once and every workload was asked about. */
  readonly appliedMb: number
  /** The same after a restart. */
  readonly restartedMb: number
}

const CONCURRENCY = 8

/** Stores the policies in a real server and has every workload compiled. */
export async function benchMemory(workloads: readonly MixWorkload[]): Promise<MemoryFigures> {
  const directory = newDataDirectory()
  try {
    const first = await startServer(directory, CONFIG)
    const idleMb = await first.rssMb()
    await postResources(first, workloads.flatMap(toResources))
    const appliedMb = (await rssAfterAsking(first, workloads)) - idleMb
    await first.stop()
    const second = await startServer(directory, CONFIG)
    const restartedMb = (await rssAfterAsking(second, workloads)) - idleMb
    await second.stop()
    return { idleMb, appliedMb, restartedMb }
  } finally {
    removeDataDirectory(directory)
  }
}

async function rssAfterAsking(server: ServerProcess, workloads: readonly MixWorkload[]): Promise<number> {
  const client = openCheckClient(server.listeners.get('decisions') ?? '')
  await closedLoop(workloads.length, CONCURRENCY, async (index) => {
    const { namespace, name, requests } = workloads[index] ?? { namespace: '', name: '', requests: [] }
    const request = requests.find(({ role }) => role === null)
    if (request === undefined) throw new TypeError('there is no request without a claim')
    await client.send(client.encode({ workload: `${namespace}/${name}`, request, token: null }))
  })
  client.close()
  return server.rssMb()
}
