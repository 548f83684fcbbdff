import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startFleet } from './fleet.ts'
import type { FleetClientOptions, Renewal } from './fleet-client.ts'
import type { FleetSample } from './fleet-tally.ts'
import type { Json } from './jwt-maker.ts'
import { openssl } from './openssl.ts'
import { freePorts, listAuthorities, startRotation, untilRotation } from './rotations.ts'
import { newDirectory, type Service, startService } from './service.ts'
import { listIssued } from './service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from './service-tokens.ts'

const IDENTITIES = 10
const RENEWALS: readonly Renewal[] = ['certificate', 'jwt', 'grpc', 'certificate']

function configOf([https = 0, grpc = 0]: readonly number[], ttl: string): Json {
  return {
    listen: { https: `127.0.0.1:${https}`, grpc: `127.0.0.1:${grpc}`, monitoring: '127.0.0.1:0' },
    attestation: ATTESTATION,
    issuance: { defaultTtl: ttl, maxTtl: '60s', minTtl: '1s' },
    server: { ttl },
    authority: { skew: '1s' },
    limits: { rate: 'off', ratePerIdentity: 'off' },
    log: { level: 'error' },
  }
}

/** Many replicas of a few identities; they renew in different ways, and a quarter waits for bundles too. */
function clientsOf(count: number): readonly FleetClientOptions[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `web-${i % IDENTITIES}`
    const renewal = RENEWALS[i % RENEWALS.length] ?? 'jwt'
    const token = kubernetesToken('default', name)
    return { identity: idOf('default', name), token, renewal, isPolling: i % 4 === 3 }
  })
}

/** The service, which is killed and started again on the same ports. */
class Restarted {
  readonly directory = newDirectory()
  readonly config: Json
  service: Service
  kills = 0
  longestMs = 0

  constructor(service: Service, config: Json) {
    this.service = service
    this.config = config
  }

  async kill(): Promise<void> {
    const begun = performance.now()
    await this.service.kill()
    this.service = await startService({ directory: this.service.directory, config: this.config })
    this.kills++
    this.longestMs = Math.max(this.longestMs, performance.now() - begun)
  }
}

/** How large a fleet, how long its certificates live, and the key types of the roots that follow one another. */
interface FleetRun {
  readonly clients: number
  readonly ttl: string
  readonly keyTypes: readonly string[]
}

/** Rotates under a fleet, and expects that nobody but an observer of the bundle can tell. */
export async function rotateUnderFleet(t: TestContext, run: FleetRun): Promise<void> {
  const ports = await freePorts(2)
  const config = configOf(ports, run.ttl)
  const server = new Restarted(await startService({ config }), config)
  const [https = 0, grpc = 0] = ports
  const samples: FleetSample[] = []
  const target = { https, grpc, roots: server.service.roots() }
  const fleet = await startFleet({ clients: clientsOf(run.clients), target }, (sample) => samples.push(sample))
  const verified = verifyEach(samples)
  for (const keyType of run.keyTypes) await rotate(t, server, keyType)
  const counts = await fleet.stop()
  const recorded = new Set((await listIssued(server.service)).map(({ serial }) => serial))
  await server.service.stop()

  const unrecorded = counts.serials.filter((serial) => !recorded.has(serial))
  const failed = Object.values(counts.failures).reduce((sum, count) => sum + count, 0)
  t.diagnostic(`${run.clients} clients, ${run.keyTypes.length} rotations, ${server.kills} kills`)
  t.diagnostic(
    `${counts.connected} handshakes, ${failed} failed; ${counts.unanswered} requests while the service was down`,
  )
  t.diagnostic(
    `${counts.serials.length} certificates, ${counts.outliving} outlive their issuer, ${unrecorded.length} without a record`,
  )
  t.diagnostic(`${verified()} leaves verified by openssl; longest restart ${Math.round(server.longestMs)} ms`)
  assert.deepEqual(counts.failures, {})
  assert.equal(counts.outliving, 0)
  assert.deepEqual(unrecorded, [])
  assert.equal(new Set(counts.serials).size, counts.serials.length)
  assert.ok(counts.connected > run.clients, 'they hardly connected')
}

/** Rotates the root, and kills the service as it distributes, as it drains and once it is done. */
async function rotate(t: TestContext, server: Restarted, keyType: string): Promise<void> {
  const begun = performance.now()
  const { id, to } = await startRotation(server.service, 'root', keyType)
  const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`
  await server.kill()
  await untilRotation(server.service, id, ['draining', 'done'])
  const activated = since()
  await server.kill()
  const { state } = await untilRotation(server.service, id, ['done'])
  const done = since()
  await server.kill()
  assert.equal(state, 'done')
  const root = (await listAuthorities(server.service)).find((one) => one.kind === 'root' && one.state === 'active')
  assert.deepEqual([root?.id, root?.keyType], [to, keyType])
  t.diagnostic(`${keyType}: active after ${activated}, done after ${done}`)
}

/** Verifies what has come so far twice a second; the result stops it and tells how many there were. */
function verifyEach(samples: FleetSample[]): () => number {
  const directory = mkdtempSync(join(tmpdir(), 'alcazar-verify-'))
  let count = 0
  const run = () => {
    for (const sample of samples.splice(0)) {
      verify(directory, sample)
      count++
    }
  }
  const timer = setInterval(run, 500)
  return () => {
    clearInterval(timer)
    rmSync(directory, { recursive: true })
    return count
  }
}

function verify(directory: string, { leaf, intermediates, roots }: FleetSample): void {
  const path = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const files = ['-CAfile', path('roots.pem', roots), '-untrusted', path('intermediates.pem', intermediates)]
  openssl(['verify', '-x509_strict', ...files, path('leaf.pem', leaf)])
}
