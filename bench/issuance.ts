import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, openGrpcClients, openRestClients, readRoots } from './clients.ts'
import { measureCryptoFloor, median } from './crypto-floor.ts'
import { closedLoop, openLoop } from './load.ts'
import { makeCsrs } from './make-csr.ts'
import { newDataDirectory, removeDataDirectory, type ServerProcess, startServer } from './server-process.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const CONCURRENCY = 32
/** One channel of gRPC carries all streams, as one client library does; HTTPS needs a connection for each request. */
const CHANNELS = 1
const CSRS = 20_000
const CERTIFICATES = 100_000
const WARM_UP = 15_000
const ROUND = 5_000
const ROUNDS = 5

/** What the clients send: CSRs that all differ, and a token that the server's configuration believes. */
export interface Load {
  readonly csrs: readonly string[]
  readonly token: string
  readonly jwk: object
}

export function makeLoad(): Load {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256' }
  return { csrs: makeCsrs(CSRS, WEB), token: makeToken(privateKey), jwk }
}

/** Starts the real server with durable records and drives it over gRPC and HTTPS with a JWT, every CSR different. */
export async function benchIssuance(load: Load) {
  const directory = newDataDirectory()
  try {
    const server = await startServer(directory, configText(load))
    try {
      return await drive(server, load)
    } finally {
      await server.stop()
    }
  } finally {
    removeDataDirectory(directory)
  }
}

async function drive(server: ServerProcess, load: Load) {
  const roots = readRoots(server.directory)
  const options = (name: string) => ({ address: server.listeners.get(name) ?? '', roots, token: load.token })
  const grpc = openGrpcClients(options('grpc'), CHANNELS)
  const rest = openRestClients(options('https'), CONCURRENCY)
  const ask = asker(load)
  await closedLoop(WARM_UP, CONCURRENCY, () => ask(grpc)) // the compiler of V8 has its say first
  await closedLoop(WARM_UP, CONCURRENCY, () => ask(rest))

  const floors: number[] = []
  const rounds = { grpc: [] as Round[], rest: [] as Round[] }
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(measureCryptoFloor(3))
    rounds.grpc.push(await measureRound(server, () => ask(grpc)))
    floors.push(measureCryptoFloor(3))
    rounds.rest.push(await measureRound(server, () => ask(rest)))
  }
  const rssHalfMb = await server.rssMb()
  const latency = async (client: Client, of: readonly Round[]) =>
    openLoop(ROUND, median(of.map((round) => round.perSecond)) / 2, () => ask(client))
  const latencies = { grpc: await latency(grpc, rounds.grpc), rest: await latency(rest, rounds.rest) }
  const asked = 2 * WARM_UP + 2 * ROUND * (ROUNDS + 1)
  await closedLoop(CERTIFICATES - asked, CONCURRENCY, () => ask(grpc))
  const rssMb = await server.rssMb()
  grpc.close()
  rest.close()
  return { floorUs: median(floors), rounds, latencies, rssHalfMb, rssMb, fsyncs: measureFsync(server.directory) }
}

/** Asks with the next CSR. */
function asker({ csrs }: Load): (client: Client) => Promise<void> {
  let asked = 0
  return (client) => {
    const index = asked++
    return client.ask(csrs[index % csrs.length] ?? '', index)
  }
}

/** Warms up, then measures. */
export async function measureRounds(server: ServerProcess, client: Client, load: Load): Promise<Round[]> {
  const ask = asker(load)
  await closedLoop(WARM_UP, CONCURRENCY, () => ask(client))
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(server, () => ask(client)))
  return rounds
}

export interface Round {
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

/** `alcazar.yaml` of the measured service: free ports, the token's issuer, no rate limits. */
export function configText({ jwk }: Load): string {
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
