import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DOORS, newRequest, type Proof, serialOf } from '../../support/doors.ts'
import { type Service, startService } from '../../support/service.ts'
import { createToken, eventually, readMetric } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

type Line = Readonly<Record<string, unknown>>

describe('the log', () => {
  const identity = idOf('default', 'logged')
  const jwt = kubernetesToken('default', 'logged')
  const spoiled = `${jwt.slice(0, -8)}AAAAAAAA`
  const { csr, pem } = newRequest(identity)
  let service: Service
  let joinToken: string
  before(async () => {
    service = await startService({ config: { attestation: ATTESTATION, log: { level: 'debug' } } })
    joinToken = await createToken(service, identity)
  })
  after(() => service.stop())

  const linesOf = (event: string) =>
    service.stderr.map((line): Line => JSON.parse(line)).filter((line) => line.event === event)

  /** What two doors answered, and the lines that this made. */
  async function askBoth(proof: Proof, event: string) {
    const known = linesOf(event).length
    const answers = []
    for (const open of Object.values(DOORS)) {
      const door = open(service, proof)
      answers.push(await door.ask(csr))
      door.close()
    }
    await eventually('both are logged', () => linesOf(event).length === known + 2)
    return { answers, lines: linesOf(event).slice(known) }
  }

  test('`cert.issued` says what was given to whom, by which proof', async () => {
    const { answers, lines } = await askBoth({ token: jwt }, 'cert.issued')
    assert.deepEqual(
      lines.map(({ level, identity, attestor, serial, keyType }) => ({ level, identity, attestor, serial, keyType })),
      answers.map((answer) => ({
        level: 'info',
        identity,
        attestor: 'jwt',
        serial: serialOf(answer),
        keyType: 'ec-p256',
      })),
    )
    for (const { peer, time } of lines) {
      assert.match(String(peer), /^127\.0\.0\.1:\d+$/)
      assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
    }
    const ids = lines.map(({ requestId }) => requestId)
    assert.ok(ids.every((id) => typeof id === 'string' && id !== ''))
    assert.equal(new Set(ids).size, ids.length)
  })

  test('`cert.refused` also of what is no request for a certificate, counted by code', async () => {
    const known = linesOf('cert.refused').length
    const series = 'alcazar_refusals_total{code="issue.ttl_invalid"}'
    const count = await readMetric(service, series)
    for (const open of Object.values(DOORS)) {
      const door = open(service, { token: jwt })
      assert.equal((await door.ask(csr, { ttlSeconds: -1 })).reason, 'ISSUE_TTL_INVALID')
      door.close()
    }
    await eventually('both are logged', () => linesOf('cert.refused').length === known + 2)
    for (const line of linesOf('cert.refused').slice(known)) {
      assert.equal(line.code, 'issue.ttl_invalid')
      assert.equal(line.attestor, null)
      assert.equal(typeof line.peer, 'string')
    }
    assert.equal(await readMetric(service, series), count + 2)
  })

  test('`cert.refused` says why', async () => {
    const { lines } = await askBoth({ token: spoiled }, 'cert.refused')
    for (const { code, requestId } of lines) {
      assert.equal(code, 'auth.signature_invalid')
      assert.ok(typeof requestId === 'string' && requestId !== '')
    }
  })

  test('no token, CSR or key is in it, whatever was sent', async () => {
    await askBoth({ token: kubernetesToken('default', 'another') }, 'cert.refused') // the names of the CSR disagree
    const asked: readonly (readonly [string, string, string | null])[] = [
      [joinToken, csr, null],
      [joinToken, csr, 'AUTH_TOKEN_USED'],
      [jwt, `${csr}garbage`, 'CSR_MALFORMED'],
      [jwt, pem, 'CSR_MALFORMED'],
      [csr.replaceAll('\n', ''), csr, 'AUTH_TOKEN_MALFORMED'],
    ]
    for (const [token, body, reason] of asked) {
      const door = DOORS.REST(service, { token })
      assert.equal((await door.ask(body)).reason, reason)
      door.close()
    }
    await service.stop()
    const text = service.stderr.join('\n')
    assert.ok(text.includes(identity), 'the log is empty')
    for (const [what, secret] of Object.entries({ joinToken, jwt, spoiled })) {
      assert.ok(!text.includes(secret), what)
      const parts = secret.split('.').filter((part) => part.length > 40) // of a JWT also no single part
      for (const part of parts) assert.ok(!text.includes(part), `a part of ${what}`)
    }
    const body = (block: string) => block.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'))
    for (const line of [...body(csr), ...body(pem)]) assert.ok(!text.includes(line), 'a line of PEM')
  })

  test('every line is JSON with level, time and event', () => {
    for (const line of service.stderr) {
      const { level, time, event }: Line = JSON.parse(line)
      assert.match(`${level} ${event}`, /^(debug|info|warn|error) [a-z_]+(\.[a-z_]+)+$/)
      assert.ok(!Number.isNaN(Date.parse(String(time))))
    }
    assert.equal(JSON.parse(service.stderr.at(-1) ?? '').event, 'service.stopped')
  })
})
