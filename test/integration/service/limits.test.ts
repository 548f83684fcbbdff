import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DOORS, newRequest, openGrpc, openRest, STATUS, serialOf } from '../../support/doors.ts'
import { type Service, startService } from '../../support/service.ts'
import { listIssued, readMetric } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const BODY_LIMIT = 64 * 1024

describe('limits in force by default', () => {
  let service: Service
  before(async () => {
    service = await startService({ config: { attestation: ATTESTATION } })
  })
  after(() => service.stop())

  test('hostile 46: the same CSR 300 times at once gives distinct serials, or says when to try again', async () => {
    const token = kubernetesToken('default', 'flood')
    const { csr } = newRequest(idOf('default', 'flood'))
    const doors = [openRest(service, { token }), openGrpc(service, { token })]
    const sent = Array.from({ length: 300 }, async (_, i) => {
      const door = doors[i % doors.length] ?? assert.fail()
      return { door: door.name, answer: await door.ask(csr) }
    })
    const answers = await Promise.all(sent)
    for (const door of doors) door.close()

    const issued = answers.filter(({ door, answer }) => answer.status === STATUS[door].issued)
    const serials = new Set(issued.map(({ answer }) => serialOf(answer)))
    assert.equal(serials.size, issued.length)
    assert.ok(issued.length >= 20, `${issued.length} were issued`) // a second's worth of the identity's rate
    assert.ok(issued.length < 300, 'the rate of the identity was not limited')
    for (const { door, answer } of answers) {
      if (answer.status === STATUS[door].issued) continue
      assert.deepEqual([answer.status, answer.reason], [STATUS[door].exhausted, 'LIMIT_RATE'])
      assert.ok((answer.retryAfterSeconds ?? 0) >= 1)
    }
    const recorded = await listIssued(service, `&identity=${encodeURIComponent(idOf('default', 'flood'))}`)
    assert.deepEqual(new Set(recorded.map(({ serial }) => serial)), serials)
    const refused = 300 - issued.length
    assert.equal(await readMetric(service, 'alcazar_refusals_total{code="limit.rate"}'), refused)
    assert.equal(await readMetric(service, 'alcazar_limit_hits_total{limit="rate"}'), refused)
  })

  for (const name of ['REST', 'gRPC'] as const) {
    test(`hostile 42: over ${name} a body of 64 KiB is read, one byte more is not`, async () => {
      const overhead = name === 'REST' ? JSON.stringify({ csr: '' }).length : 4 // tag, and a length of three bytes
      const door = DOORS[name](service, { token: kubernetesToken('default', 'large') })
      const read = await door.ask('A'.repeat(BODY_LIMIT - overhead))
      assert.equal(read.reason, 'CSR_TOO_LARGE')
      const refused = await door.ask('A'.repeat(BODY_LIMIT - overhead + 1))
      assert.equal(refused.status, STATUS[name].tooLarge)
      assert.notEqual(refused.reason, 'CSR_TOO_LARGE')
      if (name === 'REST') assert.equal(refused.reason, 'LIMIT_SIZE')
      assert.equal((await door.ask(newRequest().csr)).reason, null) // and the next one is served
      door.close()
    })
  }
})
