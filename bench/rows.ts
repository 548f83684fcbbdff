import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { openGrpcClients, readRoots } from './clients.ts'
import { median } from './crypto-floor.ts'
import { configText, type Load, measureRounds } from './issuance.ts'
import { newDataDirectory, removeDataDirectory, startServer } from './server-process.ts'

/** The same service with few and with many rows recorded. */
export interface RowsFigures {
  readonly rows: number
  readonly startMs: number
  readonly grpcCpuUs: number
  readonly listByIdentityMs: number
  readonly listBySerialMs: number
}

const LISTS = 200

/** Seeds `rows` rows, starts the service on them, issues and lists. */
export async function benchRows(rows: number, load: Load): Promise<RowsFigures> {
  const directory = newDataDirectory()
  try {
    mkdirSync(join(directory, 'data'), { mode: 0o700 })
    const seed = join(import.meta.dirname, 'seed.ts')
    execFileSync(process.execPath, [seed, join(directory, 'data/alcazar.db'), String(rows)])
    const server = await startServer(directory, configText(load))
    const address = server.listeners.get('grpc') ?? ''
    const client = openGrpcClients({ address, roots: readRoots(directory), token: load.token }, 1)
    try {
      const rounds = await measureRounds(server, client, load)
      const socket = join(directory, 'data/admin.sock')
      const identity = 'spiffe://cluster.local/ns/default/sa/web-500'
      const [first] = await list(socket, `identity=${identity}&limit=1`)
      return {
        rows,
        startMs: server.startMs,
        grpcCpuUs: median(rounds.map((round) => round.cpuUs)),
        listByIdentityMs: await timeList(socket, `identity=${identity}&limit=1`),
        listBySerialMs: await timeList(socket, `serial=${first?.serial}`),
      }
    } finally {
      client.close()
      await server.stop()
    }
  } finally {
    removeDataDirectory(directory)
  }
}

async function timeList(socketPath: string, query: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < LISTS; i++) {
    const started = performance.now()
    const items = await list(socketPath, query)
    if (items.length === 0) throw new Error(`nothing was listed for ${query}`)
    times.push(performance.now() - started)
  }
  return median(times)
}

const agent = new http.Agent({ keepAlive: true })

function list(socketPath: string, query: string): Promise<readonly { readonly serial: string }[]> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, agent, path: `/v1/issued?${query}` }, async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve(JSON.parse(text).items)
    })
    request.on('error', reject)
  })
}
