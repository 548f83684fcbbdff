import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classifyConnection } from '../../../src/policy/classify-connection.ts'
import { toHeaders } from '../../../src/policy/headers.ts'
import type { PeerMode } from '../../../src/policy/peer-mode.ts'
import type { Peer, Question } from '../../../src/policy/request.ts'

const http = { method: 'GET', target: '/', host: 'h', headers: toHeaders([]) }
const mesh: Peer = { uriSans: ['spiffe://td/ns/a/sa/b'], sni: 'Web.Example', certificate: true, alpn: null }
const PORTS = new Map([
  [8080, 'http'],
  [9000, 'tcp'],
] as const)

type Answer = 'none' | 'mutual' | 'opaque' | 'tls' | 'no_filter_chain' | 'protocol'
const cases: readonly (readonly [PeerMode, number, Peer | null, Answer, http?: boolean])[] = [
  ['STRICT', 8080, null, 'no_filter_chain'],
  ['PERMISSIVE', 8080, null, 'none', true],
  ['DISABLE', 8080, null, 'none', true],
  ['PERMISSIVE', 9000, null, 'none', false],
  ['PERMISSIVE', 7777, null, 'none', true],
  ['STRICT', 8080, mesh, 'mutual', true],
  ['PERMISSIVE', 8080, mesh, 'mutual', true],
  ['PERMISSIVE', 9000, mesh, 'mutual', false],
  ['DISABLE', 8080, mesh, 'protocol'],
  ['DISABLE', 9000, mesh, 'opaque', false],
  ['DISABLE', 7777, mesh, 'opaque', false],
  ['STRICT', 8080, { ...mesh, alpn: ['h2'] }, 'mutual', true],
  ['PERMISSIVE', 8080, { ...mesh, alpn: ['h2'] }, 'no_filter_chain'],
  ['PERMISSIVE', 9000, { ...mesh, alpn: [] }, 'opaque', false],
  ['PERMISSIVE', 8080, { ...mesh, alpn: ['istio-h2'] }, 'mutual', true],
  ['STRICT', 7777, { ...mesh, alpn: ['istio'] }, 'mutual', false],
  ['STRICT', 8080, { ...mesh, certificate: false }, 'tls'],
  ['PERMISSIVE', 8080, { ...mesh, certificate: false }, 'tls'],
  ['STRICT', 8080, { ...mesh, uriSans: ['spiffe://other/ns/a/sa/b'] }, 'tls'],
  ['STRICT', 8080, { ...mesh, uriSans: [] }, 'tls'],
  ['STRICT', 8080, { ...mesh, uriSans: ['spiffe://td2/x'] }, 'mutual', true],
  ['PERMISSIVE', 8080, { ...mesh, alpn: 'terminated' }, 'mutual', true],
  ['DISABLE', 8080, { ...mesh, alpn: 'terminated' }, 'protocol'],
]
for (const [mode, port, peer, wanted, isHttp] of cases) {
  const client = peer === null ? 'plaintext' : `TLS ${JSON.stringify({ ...peer, sni: undefined })}`
  test(`${client} to a ${mode} port ${port}: ${wanted}`, () => {
    const question: Question = { port, sourceIp: '127.0.0.1', destinationIp: null, peer, http }
    const admission = classifyConnection(question, { mode, ports: PORTS, trustDomains: ['td', 'td2'] })
    assert.equal(admission.admitted ? admission.tls : admission.cause, wanted)
    if (admission.admitted) assert.equal(admission.http, isHttp)
  })
}

test('the server name is folded, and unseen under DISABLE', () => {
  const question: Question = { port: 9000, sourceIp: '127.0.0.1', destinationIp: null, peer: mesh, http: null }
  const sni = (mode: PeerMode) => {
    const admission = classifyConnection(question, { mode, ports: PORTS, trustDomains: ['td'] })
    return admission.admitted ? admission.sni : undefined
  }
  assert.equal(sni('STRICT'), 'web.example')
  assert.equal(sni('DISABLE'), null)
})
