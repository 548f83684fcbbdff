import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:https'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Door, newRequest, openGrpc, openRest, STATUS, serialOf } from '../../support/doors.ts'
import { startService } from '../../support/service.ts'
import { eventually, listIssued } from '../../support/service-api.ts'
import { ATTESTATION, kubernetesToken } from '../../support/service-tokens.ts'

const CALLERS = 32
const CONFIG = { attestation: ATTESTATION, limits: { rate: 'off', ratePerIdentity: 'off' } }

describe('SIGTERM', () => {
  test('during load: it drains, exits 0, and every certificate is in the record with its result', async (t) => {
    const service = await startService({ config: CONFIG })
    const proof = { token: kubernetesToken('default', 'load') }
    const doors = [openRest(service, proof), openGrpc(service, proof)]
    const received: string[] = []
    const caller = async (door: Door) => {
      for (;;) {
        const answer = await door.ask(newRequest().csr).catch(() => null)
        if (answer?.status !== STATUS[door.name].issued) return assert.equal(answer?.reason ?? null, null)
        received.push(serialOf(answer))
      }
    }
    const callers = Array.from({ length: CALLERS }, (_, i) => caller(doors[i % doors.length] ?? assert.fail()))
    await eventually('it is under load', () => received.length > 200)
    const { code, milliseconds } = await service.stop()
    await Promise.all(callers)
    for (const door of doors) door.close()
    t.diagnostic(`${received.length} received, ended after ${Math.round(milliseconds)} ms`)
    assert.equal(code, 0)
    assert.ok(milliseconds < 10_000, `it took ${milliseconds} ms`)

    const again = await startService({ directory: service.directory, config: CONFIG })
    const outcomes = new Map((await listIssued(again)).map(({ serial, outcome }) => [serial, outcome]))
    assert.deepEqual(
      received.filter((serial) => outcomes.get(serial) !== 'issued'),
      [],
    )
    assert.ok(![...outcomes.values()].includes('unknown'), 'the results were not flushed')
    assert.equal((await again.stop()).code, 0)
  })

  test('connections that are idle, or never spoke, hold it up no longer than a moment', async () => {
    const service = await startService({ config: CONFIG })
    const doors = [openRest(service), openGrpc(service)]
    for (const door of doors) await door.ask(newRequest().csr)
    const silent = (['grpc', 'https', 'monitoring'] as const).map((name) => connect(service.port(name), '127.0.0.1'))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    for (const socket of silent) socket.on('error', () => {})
    const { code, milliseconds } = await service.stop()
    for (const door of doors) door.close()
    assert.equal(code, 0)
    assert.ok(milliseconds < 4_000, `it took ${milliseconds} ms`)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} from the terminal and from npm at the same moment counts once`, async () => {
      const service = await startService({ config: CONFIG })
      service.signal(signal)
      service.signal(signal)
      assert.equal((await service.stop()).code, 0)
    })
  }

  test('another one that comes later ends it at once', async () => {
    const service = await startService()
    const headers = { 'content-type': 'application/json', 'content-length': 100, expect: '100-continue' }
    const options = { host: '127.0.0.1', port: service.port('https'), path: '/v1/certificates', ca: service.roots() }
    const unfinished = request({ ...options, method: 'POST', headers, agent: false }).on('error', () => {})
    unfinished.flushHeaders()
    await once(unfinished, 'continue')
    service.signal('SIGTERM')
    await sleep(2_000) // it waits for the body
    const { signal, milliseconds } = await service.stop()
    assert.equal(signal, 'SIGTERM')
    assert.ok(milliseconds < 4_000, `it took ${milliseconds} ms`)
  })
})
