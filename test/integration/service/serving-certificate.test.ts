import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { connect } from 'node:tls'
import { newRequest, openGrpc } from '../../support/doors.ts'
import { type Service, startService } from '../../support/service.ts'
import { eventually, exchange } from '../../support/service-api.ts'
import { ATTESTATION, kubernetesToken } from '../../support/service-tokens.ts'

describe('the serving certificate', () => {
  let service: Service
  before(async () => {
    service = await startService({ config: { attestation: ATTESTATION, server: { ttl: '10s' } } })
  })
  after(() => service.stop())

  /** The serial that a new connection is shown, by a chain that it verifies. */
  async function shown(listener: 'grpc' | 'https'): Promise<string> {
    const options = { host: '127.0.0.1', port: service.port(listener), servername: 'istiod', ca: service.roots() }
    const socket = connect({ ...options, ALPNProtocols: [listener === 'grpc' ? 'h2' : 'http/1.1'] })
    await once(socket, 'secureConnect')
    const serial = socket.getPeerX509Certificate()?.serialNumber
    socket.destroy()
    return serial ?? assert.fail('no certificate was shown')
  }

  test('renews itself for new connections, while open ones work on', async () => {
    const grpc = openGrpc(service, { token: kubernetesToken('default', 'web') })
    assert.equal((await grpc.ask(newRequest().csr)).reason, null)
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: service.roots() })
    const get = () => https.get({ agent, host: '127.0.0.1', port: service.port('https'), path: '/v1/bundle' })
    const opening = get()
    const [socket] = await once(opening, 'socket')
    await exchange(opening)

    const first = { grpc: await shown('grpc'), https: await shown('https') }
    for (let renewals = 0; renewals < 2; renewals++) {
      const before = { grpc: await shown('grpc'), https: await shown('https') }
      await eventually('gRPC shows another one', async () => (await shown('grpc')) !== before.grpc)
      await eventually('HTTPS shows another one', async () => (await shown('https')) !== before.https)
    }
    assert.notEqual(await shown('grpc'), first.grpc)

    const again = get()
    assert.equal((await exchange(again)).status, 200)
    assert.equal(again.socket, socket)
    assert.equal((await grpc.ask(newRequest().csr)).reason, null)
    grpc.close()
    agent.destroy()
  })
})
