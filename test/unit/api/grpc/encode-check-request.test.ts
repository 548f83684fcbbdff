import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCheckRequest } from '../../../../src/api/grpc/encode-check-request.ts'
import { CheckRequest } from '../../../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import type { Question } from '../../../../src/policy/request.ts'
import { askedHttp, askedTcp, headersOf } from '../../../support/questions.ts'

const read = (question: Question) => CheckRequest.decode(encodeCheckRequest(question)).attributes

test('a question about a connection has its ends, its peer and no request', () => {
  const attributes = read(askedTcp())
  assert.equal(attributes?.source?.principal, 'spiffe://cluster.local/ns/default/sa/client')
  assert.deepEqual(attributes.source.address?.address?.value, { address: '10.0.0.9', portSpecifier: undefined })
  assert.deepEqual(attributes.destination?.address?.address?.value, {
    address: '10.0.0.1',
    portSpecifier: { $case: 'portValue', value: 8080 },
  })
  assert.deepEqual(attributes.tlsSession, { sni: 'web.example' })
  assert.equal(attributes.request, undefined)
})

test('plaintext has neither principal nor TLS session', () => {
  const attributes = read({ ...askedTcp(), peer: null })
  assert.equal(attributes?.source?.principal, '')
  assert.equal(attributes.tlsSession, undefined)
})

const FIELDS = [
  ['X-A', '1'],
  ['x-a', '2'],
] as const

test('a request has its fields joined, as Envoy writes them, and one by one', () => {
  const http = read(askedHttp({ method: 'POST' }, FIELDS))?.request?.http
  assert.deepEqual([http?.method, http?.path, http?.host, http?.scheme], ['POST', '/a?b=c', 'web:8080', 'https'])
  assert.deepEqual(Object.entries(http?.headers ?? {}), [
    [':method', 'POST'],
    [':path', '/a?b=c'],
    [':authority', 'web:8080'],
    [':scheme', 'https'],
    ['x-a', '1,2'],
  ])
  assert.deepEqual(
    http?.headerMap?.headers.map(({ key, rawValue }) => [key, String(rawValue)]),
    FIELDS.map(([name, value]) => [name.toLowerCase(), value]),
  )
})

test('fields that came joined are not told as single ones', () => {
  const asked = askedHttp()
  assert.ok(asked.http !== null)
  const joined = { ...asked, http: { ...asked.http, headers: headersOf(FIELDS, { joined: true }) } }
  assert.equal(read(joined)?.request?.http?.headerMap, undefined)
})
