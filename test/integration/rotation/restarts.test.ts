import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newRequest, openRest } from '../../support/doors.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { listAuthorities, readRotation, startRotation, untilRotation } from '../../support/rotations.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const KILLS = 6
const CONFIG: Json = {
  attestation: ATTESTATION,
  server: { ttl: '3s' },
  issuance: { minTtl: '1s' },
  authority: { skew: '1s' },
  log: { level: 'error' },
}

/** `root active` and its kin, without those that are retired. */
async function statesOf(service: Service): Promise<readonly string[]> {
  const authorities = await listAuthorities(service)
  return authorities
    .filter(({ state }) => state !== 'retired')
    .map(({ kind, state }) => `${kind} ${state}`)
    .sort()
}

/** A certificate whose holder never says anything of its bundle. */
async function issue(service: Service, ttlSeconds: number): Promise<void> {
  const door = openRest(service, { token: kubernetesToken('default', 'web') })
  const { status } = await door.ask(newRequest(idOf('default', 'web')).csr, { ttlSeconds })
  assert.equal(status, 201)
  door.close()
}

const AT_REST = ['intermediate active', 'jwt active', 'root active']

test('hostile 107: two commands that rotate at the same moment: one wins, the other is told which one runs', async () => {
  const service = await startService({ config: CONFIG })
  const body = { kind: 'root', reason: 'a test' }
  const both = await Promise.all([1, 2].map(() => administer(service, 'POST', '/v1/rotations', body)))
  const [won, lost] = both.toSorted((a, b) => a.status - b.status)
  assert.deepEqual([won?.status, lost?.status], [201, 409])
  assert.equal(lost?.json.code, 'authority.invalid_transition')
  const { id } = JSON.parse(won?.text ?? '')
  assert.ok(lost?.text.includes(id))
  await untilRotation(service, id, ['done'])
  assert.deepEqual(await statesOf(service), AT_REST)
  await service.stop()
})

test(`a rotation goes on after each of ${KILLS} kills at any moment`, async (t) => {
  let service = await startService({ config: CONFIG })
  await issue(service, 8) // keeps both gates closed for a while
  const { id, from, to } = await startRotation(service, 'root', 'ec-p384')
  const seen: string[] = []
  for (let i = 0; i < KILLS; i++) {
    await service.kill()
    service = await startService({ directory: service.directory, config: CONFIG })
    seen.push((await readRotation(service, id)).state)
    if (i === 1) await issue(service, 8) // by the old root, which has to stay for it
    await sleep(Math.random() * 1_000)
  }
  await untilRotation(service, id, ['done'])
  t.diagnostic(`found after each start: ${seen.join(', ')}`)
  assert.deepEqual(await statesOf(service), AT_REST)
  const stateOf = async (wanted: string) => (await listAuthorities(service)).find((one) => one.id === wanted)?.state
  assert.deepEqual([await stateOf(from), await stateOf(to)], ['retired', 'active'])
  await service.stop()
})

test('a certificate of an older bundle keeps the gate closed, and expires', async () => {
  const service = await startService({ config: CONFIG })
  await issue(service, 8)
  const { id, to } = await startRotation(service, 'root', 'rsa-2048')
  const { status: refused, json } = await administer(service, 'POST', `/v1/authorities/${to}/activate`, {})
  assert.deepEqual([refused, json.code], [409, 'authority.not_ready'])
  const { state, waitingFor } = await readRotation(service, id)
  assert.equal(state, 'distributing')
  assert.ok((waitingFor?.certificates ?? 0) >= 1)
  await untilRotation(service, id, ['done'])
  await service.stop()
})

test('an aborted rotation leaves everything as it was', async () => {
  const service = await startService({ config: { ...CONFIG, server: { ttl: '60s' } } })
  const before = await listAuthorities(service)
  const { id } = await startRotation(service, 'root', 'ec-p256')
  const { status } = await administer(service, 'POST', `/v1/rotations/${id}/abort`, {})
  assert.equal(status, 200)
  assert.equal((await readRotation(service, id)).state, 'aborted')
  const signing = (all: typeof before) => all.filter(({ state }) => state === 'active').map((one) => one.id)
  assert.deepEqual(signing(await listAuthorities(service)), signing(before))
  await service.stop()
})
