import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Door, newRequest, openGrpc, openRest, STATUS, serialOf } from '../../support/doors.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer, eventually, listIssued } from '../../support/service-api.ts'
import { ATTESTATION, kubernetesToken } from '../../support/service-tokens.ts'

const KILLS = 20
const CALLERS = 32
const CONFIG = { attestation: ATTESTATION, limits: { rate: 'off', ratePerIdentity: 'off' }, log: { level: 'error' } }

test(`hostile 105: SIGKILL during load, ${KILLS} times: every certificate that a client received is in the record`, async (t) => {
  const directory = newDirectory()
  const received: string[] = []
  let broken = 0
  for (let i = 0; i < KILLS; i++) {
    const service = await startService({ directory, config: CONFIG })
    const before = received.length
    broken += await killDuringLoad(service, received)
    assert.ok(received.length > before, 'nothing was issued before the kill')
  }
  const service = await startService({ directory, config: CONFIG })
  const outcomes = new Map((await listIssued(service)).map(({ serial, outcome }) => [serial, outcome]))
  const count = (wanted: string) => [...outcomes.values()].filter((outcome) => outcome === wanted).length
  t.diagnostic(`${received.length} received, ${broken} requests broken off, ${outcomes.size} recorded`)
  t.diagnostic(`${count('issued')} issued, ${count('unknown')} unknown, ${count('failed')} failed`)

  assert.deepEqual(
    received.filter((serial) => !outcomes.has(serial)),
    [],
  )
  assert.equal(new Set(received).size, received.length)
  assert.equal(count('failed'), 0)
  assert.equal(count('issued') + count('unknown'), outcomes.size)
  // What the clients did not get was on its way when the process died, or is one of the service's own certificates.
  assert.ok(outcomes.size - received.length <= broken + KILLS + 1)

  const [maybeIssued] =
    [...outcomes].find(([, outcome]) => outcome === 'unknown') ?? assert.fail('every result is known')
  const revoked = await administer(service, 'DELETE', `/v1/issued/${maybeIssued}?reason=lost`)
  assert.equal(revoked.status, 204, revoked.text)
  const denied = JSON.parse((await administer(service, 'GET', '/v1/denied')).text).items
  assert.deepEqual(
    denied.map(({ kind, value }: { kind: string; value: string }) => [kind, value]),
    [['serial', maybeIssued]],
  )
  await service.stop()
})

/** Kills the service 50 to 300 ms after its first answer; gives how many requests were broken off. */
async function killDuringLoad(service: Service, received: string[]): Promise<number> {
  const proof = { token: kubernetesToken('default', 'load') }
  const doors = [openRest(service, proof), openGrpc(service, proof)]
  let broken = 0
  const caller = async (door: Door) => {
    for (;;) {
      const answer = await door.ask(newRequest().csr).catch(() => null)
      if (answer?.status === STATUS[door.name].issued) {
        received.push(serialOf(answer))
        continue
      }
      assert.equal(answer?.reason ?? null, null) // not refused: the connection broke
      broken++
      return
    }
  }
  const callers = Array.from({ length: CALLERS }, (_, i) => caller(doors[i % doors.length] ?? assert.fail()))
  const before = received.length
  await eventually('the first answer', () => received.length > before)
  await sleep(50 + Math.random() * 250)
  await service.kill()
  await Promise.all(callers)
  for (const door of doors) door.close()
  return broken
}
