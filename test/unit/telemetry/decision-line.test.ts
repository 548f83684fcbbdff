import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionEvent } from '../../../src/decide/observer.ts'
import type { Question } from '../../../src/policy/request.ts'
import { toDecisionLine } from '../../../src/telemetry/decision-line.ts'
import { compileSecretHeaders } from '../../../src/telemetry/redact.ts'
import { decidedEvent } from '../../support/decisions.ts'
import { askedHttp, askedTcp } from '../../support/questions.ts'

const TIME = '2026-11-21T03:00:00.000Z'
const lineOf = (event: DecisionEvent) => toDecisionLine(event, TIME, compileSecretHeaders([]))

test('a line has everything that is needed to ask again, and the outcome', () => {
  const question = askedHttp({}, [
    ['User-Agent', 'curl'],
    ['Authorization', 'Bearer secret'],
  ])
  const claims = { iss: 'https://a', sub: 'b', aud: ['c'], email: 'private' }
  assert.deepEqual(JSON.parse(lineOf(decidedEvent({}, { question, claims }))), {
    time: TIME,
    version: 17,
    workload: { namespace: 'default', name: 'web', labels: { app: 'web' }, ip: '10.0.0.1', ports: 'as-told' },
    request: {
      protocol: 'http',
      port: 8080,
      sourceIp: '10.0.0.9',
      destinationIp: '10.0.0.1',
      peer: { uriSans: ['spiffe://cluster.local/ns/default/sa/client'], sni: 'web.example', noCert: false, alpn: null },
      method: 'GET',
      path: '/a?b=redacted',
      host: 'web:8080',
      headers: [
        ['User-Agent', 'curl'],
        ['Authorization', '[redacted]'],
      ],
    },
    claims: { iss: 'https://a', sub: 'b', aud: ['c'] },
    outcome: { decision: 'allow', status: 200, cause: 'allowed', phase: 'authorization', reason: 'no policy refuses' },
    micros: 12,
  })
})

test('a connection has no request in it', () => {
  const { request } = JSON.parse(lineOf(decidedEvent({}, { question: askedTcp() })))
  assert.equal(request.protocol, 'tcp')
  assert.equal('method' in request, false)
})

test('hostile 102: no text forges a line or moves a terminal', () => {
  const evil = 'a\n{"time":1}\r\u001b[2J\u009b31m\u2028\u202e\u007f\ud800'
  const question = askedHttp({ host: evil, target: `/${evil}?${evil}` }, [[evil, evil]])
  const line = lineOf(decidedEvent({ reason: evil }, { question }))
  assert.match(line, /^[\x20-\x7e]+\n$/)
  assert.equal(JSON.parse(line).request.host, evil)
})

test('hostile 100: a line is bounded, and says what is missing', () => {
  const headers = Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, 'v'.repeat(2_000)] as const)
  const long = 'a'.repeat(1_000_000)
  const question: Question = {
    ...askedHttp({ target: `/${long}`, host: long, method: long }, headers),
    sourceIp: `fe80::1%${long}`,
    destinationIp: `fe80::1%${long}`,
    peer: { uriSans: Array.from({ length: 20 }, () => `spiffe://${long}`), sni: long, certificate: true, alpn: null },
  }
  const line = lineOf(decidedEvent({ reason: long }, { question, claims: { iss: long, aud: Array(20).fill(long) } }))
  assert.ok(line.length < 65_536)
  assert.equal(JSON.parse(line).request.truncated, true)
})
