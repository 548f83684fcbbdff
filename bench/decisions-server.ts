import { measureCryptoFloor, median } from './crypto-floor.ts'
import { type Ask, type DecisionClient, openCheckClient, openExtAuthzClient } from './decisions-clients.ts'
import { crowdedWorkload, type MixRequest, type MixWorkload, toResources } from './decisions-mix.ts'
import { openIssuer, toRequestAuthentication } from './decisions-tokens.ts'
import { closedLoop } from './load.ts'
import {
  newDataDirectory,
  postResources,
  removeDataDirectory,
  type ServerProcess,
  startServer,
} from './server-process.ts'

const CONCURRENCY = 32
const WARM_UP = 8_000
const ROUND = 4_000
/** Fewer, as each new token costs the bench a signature. */
const TOKENS_WARM_UP = 3_000
const TOKENS_ROUND = 1_000
const ROUNDS = 5
const POLICIES = 100

/** CPU microseconds of the server for one answer, and the crypto floor of the same time. */
export interface ServerFigures {
  readonly floorUs: number
  readonly grpcCpuUs: number
  readonly httpCpuUs: number
  readonly cachedJwtCpuUs: number
  readonly newJwtCpuUs: number
}

/** `alcazar.yaml` of the measured service: free ports. */
export const CONFIG = JSON.stringify({
  listen: { grpc: '127.0.0.1:0', https: '127.0.0.1:0', monitoring: '127.0.0.1:0', decisions: '127.0.0.1:0' },
})

/** Starts the real server with a hundred policies on a workload and asks it as proxies do, in plaintext on loopback. */
export async function benchServer(): Promise<ServerFigures> {
  const directory = newDataDirectory()
  try {
    const server = await startServer(directory, CONFIG)
    try {
      return await drive(server)
    } finally {
      await server.stop()
    }
  } finally {
    removeDataDirectory(directory)
  }
}

/** One kind of question, asked over and over. */
interface Kind {
  readonly send: () => Promise<void>
  readonly warmUp: number
  readonly round: number
}

const MANY = { warmUp: WARM_UP, round: ROUND }

async function drive(server: ServerProcess): Promise<ServerFigures> {
  const open = crowdedWorkload(POLICIES)
  const guarded: MixWorkload = { ...open, name: 'guarded', address: '10.9.0.2' }
  const issuer = openIssuer()
  await postResources(server, [...[open, guarded].flatMap(toResources), toRequestAuthentication(guarded, issuer.jwks)])
  const address = server.listeners.get('decisions') ?? ''
  const check = openCheckClient(address)
  const extAuthz = openExtAuthzClient(address, CONCURRENCY)
  const plain = open.requests.filter(({ role }) => role === null).map((request) => toAsk(open, request, null))
  const [editing, role] = pickEditing(open)
  const cached = toAsk(guarded, editing, issuer.next(role))
  const fresh = Array.from({ length: TOKENS_WARM_UP + TOKENS_ROUND * ROUNDS }, () =>
    toAsk(guarded, editing, issuer.next(role)),
  )
  const kinds = [
    { send: sender(check, plain), ...MANY },
    { send: sender(extAuthz, plain), ...MANY },
    { send: sender(check, [cached]), ...MANY },
    { send: sender(check, fresh), warmUp: TOKENS_WARM_UP, round: TOKENS_ROUND },
  ]
  const { floorUs, cpuUs } = await measureInTurn(server, kinds)
  check.close()
  extAuthz.close()
  const [grpcCpuUs = NaN, httpCpuUs = NaN, cachedJwtCpuUs = NaN, newJwtCpuUs = NaN] = cpuUs
  return { floorUs, grpcCpuUs, httpCpuUs, cachedJwtCpuUs, newJwtCpuUs }
}

function toAsk({ namespace, name }: MixWorkload, request: MixRequest, token: string | null): Ask {
  return { workload: `${namespace}/${name}`, request, token }
}

/** A request that is allowed by its token alone. */
function pickEditing({ requests }: MixWorkload): readonly [MixRequest, string] {
  const request = requests.find(({ role, allowed }) => role !== null && allowed)
  if (request?.role == null) throw new TypeError('the mix has no request with a claim')
  return [request, request.role]
}

/** Sends the next of the questions, which were encoded beforehand. */
function sender<Encoded>({ encode, send }: DecisionClient<Encoded>, asks: readonly Ask[]): () => Promise<void> {
  const encoded = asks.map(encode)
  let sent = 0
  return async () => {
    const next = encoded[sent++ % encoded.length]
    if (next !== undefined) await send(next)
  }
}

/** Each kind in each round, so that what else the machine does meets all of them. */
async function measureInTurn(server: ServerProcess, kinds: readonly Kind[]) {
  for (const { send, warmUp } of kinds) await closedLoop(warmUp, CONCURRENCY, send)
  const floors: number[] = []
  const measured = kinds.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(measureCryptoFloor(3))
    for (const [i, { send, round: count }] of kinds.entries()) {
      const before = await server.cpuUs()
      await closedLoop(count, CONCURRENCY, send)
      measured[i]?.push(((await server.cpuUs()) - before) / count)
    }
  }
  return { floorUs: median(floors), cpuUs: measured.map(median) }
}
