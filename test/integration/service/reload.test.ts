import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { type Door, newRequest, openGrpc, openRest } from '../../support/doors.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { type Service, startService } from '../../support/service.ts'
import { eventually, exchange, readMetric } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const RELOADS = 'alcazar_config_reloads_total'
const ZTUNNEL = idOf('istio-system', 'ztunnel')

describe('SIGHUP', () => {
  let service: Service
  let grpc: Door
  before(async () => {
    service = await startService()
    grpc = openGrpc(service, { token: kubernetesToken('istio-system', 'ztunnel') })
  })
  after(async () => {
    grpc.close()
    await service.stop()
  })

  /** Rewrites the file, sends the signal, and waits until it counted. */
  async function reload(config: Json | string, outcome: 'applied' | 'refused'): Promise<void> {
    const series = `${RELOADS}{outcome="${outcome}"}`
    const count = await readMetric(service, series)
    service.configure(config)
    service.signal('SIGHUP')
    await eventually(`the reload is ${outcome}`, async () => (await readMetric(service, series)) === count + 1)
  }

  /** The last event of this name, once it is written. */
  async function logged(event: string): Promise<Readonly<Record<string, unknown>>> {
    let found: Readonly<Record<string, unknown>> | undefined
    await eventually(`${event} is logged`, () => {
      const lines = service.stderr.map((line): Readonly<Record<string, unknown>> => JSON.parse(line))
      found = lines.findLast((line) => line.event === event)
      return found !== undefined
    })
    return found ?? assert.fail()
  }

  /** The status of a list that is for viewers, asked for with ztunnel's token. */
  async function listStatus(): Promise<number> {
    const headers = { authorization: `Bearer ${kubernetesToken('istio-system', 'ztunnel')}` }
    const options = { host: '127.0.0.1', port: service.port('https'), ca: service.roots(), agent: false, headers }
    const { status } = await exchange(https.get({ ...options, path: '/v1/issued' }))
    return status
  }

  test('puts attestation in force, on connections that are open', async () => {
    const { csr } = newRequest()
    assert.equal((await grpc.ask(csr)).reason, 'AUTH_ISSUER_UNKNOWN')
    await reload({ attestation: ATTESTATION }, 'applied')
    assert.equal((await grpc.ask(csr)).reason, null)
    assert.deepEqual((await logged('config.reloaded')).changed, ['attestation'])
  })

  test('puts impersonation and admins in force', async () => {
    const identity = idOf('shop', 'cart')
    const { csr } = newRequest(identity)
    assert.equal((await grpc.ask(csr, { impersonate: identity })).reason, 'AUTH_IMPERSONATION_DENIED')
    assert.equal(await listStatus(), 403)
    const impersonation = [{ caller: ZTUNNEL, identities: [identity] }]
    await reload(
      { attestation: ATTESTATION, impersonation, admins: [{ identity: ZTUNNEL, role: 'viewer' }] },
      'applied',
    )
    assert.equal((await grpc.ask(csr, { impersonate: identity })).reason, null)
    assert.equal(await listStatus(), 200)
    await reload({ attestation: ATTESTATION }, 'applied') // and takes them away again
    assert.equal((await grpc.ask(csr, { impersonate: identity })).reason, 'AUTH_IMPERSONATION_DENIED')
    assert.equal(await listStatus(), 403)
  })

  test('puts limits in force', async () => {
    const { csr } = newRequest()
    await reload({ attestation: ATTESTATION, limits: { csr: 64 } }, 'applied')
    assert.equal((await grpc.ask(csr)).reason, 'CSR_TOO_LARGE')
    await reload({ attestation: ATTESTATION, limits: { body: 128 } }, 'applied')
    const rest = openRest(service, { token: kubernetesToken('default', 'web') })
    assert.equal((await rest.ask(csr)).reason, 'LIMIT_SIZE')
    rest.close()
    const fresh = openGrpc(service, { token: kubernetesToken('default', 'web') })
    assert.equal((await fresh.ask(csr)).status, 8)
    fresh.close()
    await reload({ attestation: ATTESTATION }, 'applied')
    assert.equal((await grpc.ask(csr)).reason, null)
  })

  test('says what waits for a restart', async () => {
    await reload({ attestation: ATTESTATION, issuance: { defaultTtl: '30m' } }, 'applied')
    assert.deepEqual((await logged('config.restart_needed')).paths, ['issuance.defaultTtl'])
    await reload({ attestation: ATTESTATION }, 'applied')
  })

  const invalid: readonly (readonly [string, Json | string])[] = [
    ['an unknown key', { attestation: { jwt: [] }, nonsense: 1 }],
    ['a value out of range', { attestation: { jwt: [] }, limits: { rate: -1 } }],
    ['an attestation that cannot be', { attestation: { jwt: [{ issuer: 'x' }] } }],
    ['no YAML', '{ attestation: [ }'],
  ]
  for (const [name, config] of invalid) {
    test(`${name}: the old settings stay`, async () => {
      await reload(config, 'refused')
      assert.equal((await grpc.ask(newRequest().csr)).reason, null)
      assert.equal((await logged('config.refused')).kept, 'the settings in force')
    })
  }

  test('open connections outlive every reload', async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: service.roots() })
    const options = { agent, host: '127.0.0.1', port: service.port('https'), path: '/v1/bundle' }
    const first = https.get(options)
    const [socket] = await once(first, 'socket')
    await exchange(first)
    await reload({ attestation: ATTESTATION, limits: { body: 1024 } }, 'applied')
    const second = https.get(options)
    assert.equal((await exchange(second)).status, 200)
    assert.equal(second.socket, socket)
    agent.destroy()
  })
})
