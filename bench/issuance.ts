import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, openGrpcClients, openRestClients, readRoots } from './clients.ts'
import { measureCryptoFloor, median, quantile } from './crypto-floor.ts'
import { closedLoop, openLoop } from './load.ts'
import { makeCsrs } from './make-csr.ts'
import { newDataDirectory, removeDataDirectory, type ServerProcess, startServer } from './server-process.ts'

export interface IssuanceFigures {
  readonly grpcCpuUs: number
  readonly restCpuUs: number
  readonly grpcP50Ms: number
  readonly grpcP99Ms: number
  readonly restP50Ms: number
  readonly restP99Ms: number
  readonly rssMb: number
  readonly startMs: number
}

/** What stands beside the contract's figures: ratios to the floor, maxima, the disk, memory at half way. */
export interface IssuanceDetail {
  readonly grpcFloors: number
  readonly restFloors: number
  readonly grpcMaxPerSecond: number
  readonly restMaxPerSecond: number
  readonly fsyncP50Ms: number
  readonly fsyncP99Ms: number
  readonly rssHalfMb: number
  readonly certificates: number
}

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const CONCURRENCY = 32
/** One channel of gRPC carries all streams, as one client library does; HTTPS needs a connection for each request. */
const CHANNELS = 1
const CSRS = 20_000
const WARM_UP = 15_000
const ROUND = 5_000
const ROUNDS = 5

/** Starts the real server with durable records and drives it over gRPC and HTTPS with a JWT, every CSR different. */
export async function benchIssuance(): Promise<{ floorUs: number; figures: IssuanceFigures; detail: IssuanceDetail }> {
  const directory = newDataDirectory()
  try {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const csrs = makeCsrs(CSRS, WEB)
    const server = await startServer(directory, configText(publicKey))
    try {
      return await drive(server, { csrs, token: makeToken(privateKey) })
    } finally {
      await server.stop()
    }
  } finally {
    removeDataDirectory(directory)
  }
}

interface Load {
  readonly csrs: readonly string[]
  readonly token: string
}

async function drive(server: ServerProcess, { csrs, token }: Load) {
  const roots = readRoots(server.directory)
  const options = (name: string) => ({ address: server.listeners.get(name) ?? '', roots, token })
  const grpc = openGrpcClients(options('grpc'), CHANNELS)
  const rest = openRestClients(options('https'), CONCURRENCY)
  let asked = 0
  const ask = (client: Client) => {
    const index = asked++
    return client.ask(csrs[index % csrs.length] ?? '', index)
  }
  await closedLoop(WARM_UP, CONCURRENCY, () => ask(grpc)) // the compiler of V8 has its say first
  await closedLoop(WARM_UP, CONCURRENCY, () => ask(rest))

  const floors: number[] = []
  const grpcRounds: Round[] = []
  const restRounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(measureCryptoFloor(3))
    grpcRounds.push(await measureRound(server, () => ask(grpc)))
    floors.push(measureCryptoFloor(3))
    restRounds.push(await measureRound(server, () => ask(rest)))
  }
  const rssHalfMb = await server.rssMb()
  const latency = async (client: Client, rounds: readonly Round[]) =>
    openLoop(ROUND, median(rounds.map((round) => round.perSecond)) / 2, () => ask(client))
  const grpcLatencies = await latency(grpc, grpcRounds)
  const restLatencies = await latency(rest, restRounds)
  while (asked < 100_000) await closedLoop(Math.min(ROUND, 100_000 - asked), CONCURRENCY, () => ask(grpc))
  const rssMb = await server.rssMb()
  grpc.close()
  rest.close()

  const floorUs = median(floors)
  const fsyncs = measureFsync(server.directory)
  const cpu = (rounds: readonly Round[]) => median(rounds.map((round) => round.cpuUs))
  return {
    floorUs,
    figures: {
      grpcCpuUs: cpu(grpcRounds),
      restCpuUs: cpu(restRounds),
      grpcP50Ms: median(grpcLatencies),
      grpcP99Ms: quantile(grpcLatencies, 0.99),
      restP50Ms: median(restLatencies),
      restP99Ms: quantile(restLatencies, 0.99),
      rssMb,
      startMs: server.startMs,
    },
    detail: {
      grpcFloors: cpu(grpcRounds) / floorUs,
      restFloors: cpu(restRounds) / floorUs,
      grpcMaxPerSecond: median(grpcRounds.map((round) => round.perSecond)),
      restMaxPerSecond: median(restRounds.map((round) => round.perSecond)),
      fsyncP50Ms: median(fsyncs),
      fsyncP99Ms: quantile(fsyncs, 0.99),
      rssHalfMb,
      certificates: asked,
    },
  }
}

interface Round {
  readonly cpuUs: number
  readonly perSecond: number
}

async function measureRound(server: ServerProcess, ask: () => Promise<void>): Promise<Round> {
  const before = await server.cpuUs()
  const perSecond = await closedLoop(ROUND, CONCURRENCY, ask)
  return { cpuUs: ((await server.cpuUs()) - before) / ROUND, perSecond }
}

/** Milliseconds of writing 4 KiB and having it on the disk, where the record lies. */
function measureFsync(directory: string): number[] {
  const file = openSync(join(directory, 'fsync'), 'w')
  const block = Buffer.alloc(4096, 1)
  try {
    return Array.from({ length: 200 }, () => {
      const started = performance.now()
      writeSync(file, block)
      fsyncSync(file)
      return performance.now() - started
    })
  } finally {
    closeSync(file)
  }
}

function configText(publicKey: KeyObject): string {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256' }
  return JSON.stringify({
    listen: { grpc: '127.0.0.1:0', https: '127.0.0.1:0', monitoring: '127.0.0.1:0' },
    attestation: {
      jwt: [
        {
          issuer: 'https://issuer.example',
          audiences: ['istio-ca'],
          jwks: { inline: { keys: [jwk] } },
          identity: 'spiffe://{trustDomain}/ns/default/sa/{claims.sub}',
        },
      ],
    },
    limits: { rate: 'off', ratePerIdentity: 'off' },
  })
}

/** An ES256 token for `web`, of the size that Kubernetes' tokens have. */
function makeToken(privateKey: KeyObject): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'ES256', kid: 'bench', typ: 'JWT' })
  const claims = {
    iss: 'https://issuer.example',
    aud: ['istio-ca'],
    sub: 'web',
    iat: now,
    nbf: now,
    exp: now + 7200,
    jti: 'b'.repeat(36),
    padding: 'x'.repeat(400),
  }
  const input = `${header}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
