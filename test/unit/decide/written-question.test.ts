import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compile } from 'typebox/compile'
import { WrittenBody } from '../../../src/decide/written-body.ts'
import { toWrittenQuestion, toWrittenWorkload, type WrittenRequest } from '../../../src/decide/written-question.ts'
import type { Workload } from '../../../src/mesh/workload.ts'
import { toDecisionLine } from '../../../src/telemetry/decision-line.ts'
import { compileSecretHeaders } from '../../../src/telemetry/redact.ts'
import { decidedEvent } from '../../support/decisions.ts'
import { askedHttp, askedTcp, CLIENT, headersOf } from '../../support/questions.ts'

const body = Compile(WrittenBody)
const request: WrittenRequest = {
  protocol: 'http',
  port: 8080,
  sourceIp: '10.0.0.9',
  peer: null,
  method: 'GET',
  path: '/',
}

const http = askedHttp({}, [['x-a', 'b,c']])
const told = { ...http, http: http.http && { ...http.http, headers: headersOf([['x-a', 'b,c']], { joined: true }) } }
const terminated = { ...askedTcp(), sourceIp: '', peer: { ...CLIENT, alpn: 'terminated' } } as const
const proxied = askedHttp({ viaProxy: true })
for (const question of [http, told, terminated, proxied]) {
  const declared: readonly Workload['ports'][] = [
    'as-told',
    new Map([
      [8080, 'http'],
      [9000, 'tcp'],
    ]),
  ]
  for (const ports of declared) {
    test(`what the decision log writes is asked again: ${question.http === null ? 'TCP' : 'HTTP'}, ports ${typeof ports}`, () => {
      const workload: Workload = { namespace: 'shop', name: 'web', labels: { app: 'web' }, ip: null, ports }
      const line = JSON.parse(toDecisionLine(decidedEvent({}, { workload, question }), '', compileSecretHeaders([])))
      const asked = { workload: line.workload, requests: [line.request] }
      assert.ok(body.Check(asked), JSON.stringify(body.Errors(asked)))
      assert.deepEqual(toWrittenWorkload(line.workload).ports, ports)
      const again = toWrittenQuestion(line.request, 'requests[0]')
      assert.deepEqual({ ...again, http: null }, { ...question, http: null })
      assert.equal(again.http?.viaProxy, question.http?.viaProxy)
      assert.equal(again.http?.headers.joined, question.http?.headers.joined)
      assert.deepEqual(again.http?.headers.values('x-a'), question.http?.headers.values('x-a'))
    })
  }
}

const wrong: readonly (readonly [request: Partial<WrittenRequest>, field: RegExp])[] = [
  [{ sourceIp: 'localhost' }, /requests\[3\]\.sourceIp/],
  [{ destinationIp: '10.0.0' }, /requests\[3\]\.destinationIp/],
]
for (const [change, field] of wrong) {
  test(`refused: ${JSON.stringify(change)}`, () =>
    assert.throws(() => toWrittenQuestion({ ...request, ...change }, 'requests[3]'), {
      code: 'request.malformed',
      message: field,
    }))
}

test('hostile 100: header fields that no proxy would take', () => {
  const many = Array.from({ length: 40_000 }, () => ['', ''] as const)
  for (const headers of [many, [['x', 'v'.repeat(1_048_576)]] as const]) {
    assert.throws(() => toWrittenQuestion({ ...request, headers }, 'requests[0]'), { code: 'limit.size' })
  }
})

test('HTTP has a method and a path', () => {
  const { method: _, ...others } = request
  assert.throws(() => toWrittenQuestion(others, 'requests[0]'), { code: 'request.malformed' })
})
