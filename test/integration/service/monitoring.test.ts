import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, type ServiceError, status } from '@grpc/grpc-js'
import {
  HealthCheckResponse_ServingStatus,
  HealthService,
} from '../../../src/api/grpc/generated/grpc/health/v1/health.ts'
import {
  ServerReflectionService as ReflectionV1,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '../../../src/api/grpc/generated/grpc/reflection/v1/reflection.ts'
import { ServerReflectionService as ReflectionV1Alpha } from '../../../src/api/grpc/generated/grpc/reflection/v1alpha/reflection.ts'
import { newRequest, openGrpc, openGrpcClient, openRest } from '../../support/doors.ts'
import { codeRows, readDoc } from '../../support/markdown.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer, monitor, readMetric } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const CERTIFICATES = 'istio.v1.auth.IstioCertificateService'

let service: Service
let client: Client
before(async () => {
  service = await startService({ config: { attestation: ATTESTATION } })
  client = openGrpcClient(service)
})
after(async () => {
  client.close()
  await service.stop()
})

describe('the monitoring listener', () => {
  test('after traffic /metrics has every family of docs/metrics.md', async () => {
    const proof = { token: kubernetesToken('default', 'web') }
    const doors = [openRest(service, proof), openGrpc(service, proof), openGrpc(service)]
    for (const door of doors) await door.ask(newRequest().csr)
    await doors[0]?.ask('A'.repeat(20_000)) // over limits.csr
    await administer(service, 'POST', '/v1/jwts', { identity: idOf('default', 'web'), audiences: ['api'] })
    const { status, headers, text } = await monitor(service, '/metrics')
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
    const rows = codeRows(readDoc('metrics.md'))
    assert.ok(rows.length > 10)
    const missing: string[] = []
    for (const [name = '', type = '', , meaning = ''] of rows) {
      assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name)
      const sample = new RegExp(`^${name}(_count)?(\\{.*\\})? [0-9.e+]+$`, 'm')
      if (!meaning.includes('Absent') && !sample.test(text)) missing.push(name)
    }
    assert.deepEqual(missing, [])
    assert.equal(await readMetric(service, 'alcazar_certificates_total{attestor="jwt",outcome="issued"}'), 2)
    assert.equal(await readMetric(service, 'alcazar_certificates_total{attestor="none",outcome="refused"}'), 1)
    assert.equal(await readMetric(service, 'alcazar_refusals_total{code="auth.missing"}'), 1)
    assert.equal(await readMetric(service, 'alcazar_limit_hits_total{limit="csr"}'), 1)
    for (const kind of ['root', 'intermediate'])
      assert.match(
        text,
        new RegExp(`^alcazar_authority_expiry_timestamp_seconds\\{.*kind="${kind}",state="active"\\} `, 'm'),
      )
    for (const door of doors) door.close()
  })

  for (const path of ['/livez', '/readyz']) {
    test(`${path} is 200`, async () => {
      const { status, text } = await monitor(service, path)
      assert.deepEqual([status, JSON.parse(text)], [200, { ok: true, problems: [] }])
    })
  }
})

describe('grpc.health.v1', () => {
  const { path, requestSerialize, responseDeserialize } = HealthService.check
  const check = (service: string) =>
    new Promise<HealthCheckResponse_ServingStatus | undefined>((resolve, reject) => {
      const deadline = Date.now() + 30_000
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, { deadline }, (error, value) =>
        error === null ? resolve(value?.status) : reject(error),
      )
    })

  for (const name of ['', CERTIFICATES]) {
    test(`\`${name}\` is SERVING`, async () => {
      assert.equal(await check(name), HealthCheckResponse_ServingStatus.SERVING)
    })
  }

  test('an unknown service is NOT_FOUND', async () => {
    await assert.rejects(check('a.b.C'), (error: ServiceError) => error.code === status.NOT_FOUND)
  })
})

for (const [version, reflection] of [
  ['v1', ReflectionV1],
  ['v1alpha', ReflectionV1Alpha],
] as const) {
  describe(`reflection ${version}`, () => {
    const { path, requestSerialize, responseDeserialize } = reflection.serverReflectionInfo
    const ask = async (messageRequest: ServerReflectionRequest['messageRequest']) => {
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
        deadline: Date.now() + 30_000,
      })
      stream.write({ host: '', messageRequest })
      const answered = new Promise<ServerReflectionResponse>((resolve, reject) => {
        stream.once('data', resolve)
        stream.once('error', reject)
      })
      const { messageResponse } = await answered
      stream.end()
      return messageResponse ?? assert.fail('there is no answer')
    }

    test('lists the services', async () => {
      const answer = await ask({ $case: 'listServices', value: '' })
      assert.equal(answer.$case, 'listServicesResponse')
      const names = answer.$case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : []
      for (const name of [CERTIFICATES, 'grpc.health.v1.Health', `grpc.reflection.${version}.ServerReflection`])
        assert.ok(names.includes(name), name)
    })

    for (const symbol of [CERTIFICATES, `${CERTIFICATES}.CreateCertificate`, 'istio.v1.auth.IstioCertificateRequest']) {
      test(`gives the file of ${symbol}, with what it imports`, async () => {
        const answer = await ask({ $case: 'fileContainingSymbol', value: symbol })
        const files = answer.$case === 'fileDescriptorResponse' ? answer.value.fileDescriptorProto : []
        const texts = files.map((file) => Buffer.from(file).toString('latin1'))
        assert.ok(texts.some((text) => text.includes('IstioCertificateService') && text.includes('CreateCertificate')))
        assert.ok(texts.some((text) => text.includes('google/protobuf/struct.proto') && text.includes('ListValue')))
      })
    }

    test('an unknown symbol is NOT_FOUND', async () => {
      const answer = await ask({ $case: 'fileContainingSymbol', value: 'a.b.C' })
      assert.equal(answer.$case === 'errorResponse' ? answer.value.errorCode : null, status.NOT_FOUND)
    })
  })
}
