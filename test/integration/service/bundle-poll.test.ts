import assert from 'node:assert/strict'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { newRequest, openRest, type Proof } from '../../support/doors.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer, createToken, eventually, exchange } from '../../support/service-api.ts'

/** The service's own certificate is out of the way soon; those of the clients are not. */
const CONFIG = { server: { ttl: '2s' }, issuance: { defaultTtl: '5m', backdate: '0s' }, authority: { skew: '1s' } }

type Certificate = NonNullable<Proof['certificate']>

let service: Service
before(async () => {
  service = await startService({ config: CONFIG })
})
after(() => service.stop())

async function certified(name: string): Promise<Certificate> {
  const identity = `spiffe://cluster.local/ns/default/sa/${name}`
  const { csr, pem } = newRequest(identity)
  const door = openRest(service, { token: await createToken(service, identity) })
  try {
    const { chain, reason } = await door.ask(csr)
    assert.equal(reason, null)
    return { cert: chain.join(''), key: pem }
  } finally {
    door.close()
  }
}

/** `GET /v1/bundle` over TLS, with a client certificate or without. */
async function poll(query: string, certificate: Partial<Certificate> = {}) {
  const options = { host: '127.0.0.1', port: service.port('https'), path: `/v1/bundle?${query}`, agent: false } as const
  const answer = await exchange(https.get({ ...options, ca: service.roots(), ...certificate }))
  return { status: answer.status, bundle: answer.status === 200 ? JSON.parse(answer.text) : null }
}

async function rotation(
  id: string,
): Promise<{ state: string; waitingFor: { certificates: number } | null; from: string }> {
  return JSON.parse((await administer(service, 'GET', `/v1/rotations/${id}`)).text)
}

const sequence = async (): Promise<number> => (await poll('')).bundle.spiffe_sequence

describe('a rotation of the root', () => {
  let id = ''
  let certificates: readonly Certificate[] = []

  test('long-pollers are given the new root at once', async () => {
    certificates = await Promise.all(['a', 'a', 'b'].map(certified))
    const known = await sequence()
    const waiting = poll(`after=${known}&wait=60s`)
    const started = await administer(service, 'POST', '/v1/rotations', { kind: 'root', reason: 'a test' })
    assert.equal(started.status, 201, started.text)
    id = JSON.parse(started.text).id
    const { status, bundle } = await waiting
    assert.deepEqual([status, bundle.spiffe_sequence], [200, known + 1])
    assert.equal(bundle.keys.filter(({ use }: { use: string }) => use === 'x509-svid').length, 2)
  })

  test('who polls speaks for the certificate of the connection, and for no other', async () => {
    const now = await sequence()
    const [first, second, third] = certificates
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    await eventually('only the clients are waited for', async () => (await rotation(id)).waitingFor?.certificates === 3)
    assert.equal((await poll(`after=${now}`)).status, 304) // nobody
    assert.equal((await poll(`after=${now + 1}`, first)).status, 304) // a bundle that nobody published
    assert.equal((await poll(`after=${now - 1}`, second)).status, 200) // one that is too old
    await poll(`after=${now}`, first)
    await eventually('one less', async () => (await rotation(id)).waitingFor?.certificates === 2)
    assert.equal((await rotation(id)).state, 'distributing')
    await Promise.all([poll(`after=${now}`, second), poll(`after=${now}`, third)])
    await eventually('it signs', async () => (await rotation(id)).state === 'draining')
  })

  test('a tainted authority is named in the bundle, and long-pollers learn it at once', async () => {
    const known = await sequence()
    const waiting = poll(`after=${known}&wait=60s`)
    const { from } = await rotation(id)
    const { status, text } = await administer(service, 'POST', `/v1/authorities/${from}/taint`, { reason: 'lost' })
    assert.equal(status, 200, text)
    const { bundle } = await waiting
    assert.equal(bundle.spiffe_sequence, known + 1)
    assert.ok(bundle.alcazar_tainted_authorities.includes(from))
    assert.equal(bundle.alcazar_tainted_authorities.length, 2) // with its intermediate
    await administer(service, 'POST', `/v1/authorities/${from}/revoke`, { reason: 'lost' })
    const after = (await poll('')).bundle
    assert.deepEqual([after.alcazar_tainted_authorities, after.spiffe_sequence], [undefined, known + 2])
  })
})

test('a stop answers those who wait', async () => {
  const own = await startService({ config: CONFIG })
  const roots = own.roots()
  const path = '/v1/bundle?after=999&wait=60s'
  const waiting = exchange(https.get({ host: '127.0.0.1', port: own.port('https'), path, ca: roots, agent: false }))
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { milliseconds, code } = await own.stop()
  assert.deepEqual([(await waiting).status, code, milliseconds < 5_000], [304, 0, true])
})
