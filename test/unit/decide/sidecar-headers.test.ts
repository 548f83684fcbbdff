import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSidecarFields } from '../../../src/decide/sidecar-headers.ts'
import { CLIENT, headersOf } from '../../support/questions.ts'

const CERTIFICATE = 'x-forwarded-client-cert'
const SENT = headersOf([
  ['X-Forwarded-Client-Cert', 'By=a;URI=spiffe://forged'],
  ['accept', '*/*'],
])

test('a plaintext request loses the certificate that it claims, and gets its scheme and an id', () => {
  const headers = withSidecarFields(SENT, { peer: null, tls: 'none', scheme: 'http' })
  assert.deepEqual(headers.values(CERTIFICATE), [])
  assert.deepEqual(headers.values('accept'), ['*/*'])
  const fields = [...headers.entries()]
  assert.deepEqual(fields, [
    ['accept', '*/*'],
    ['x-forwarded-proto', 'http'],
    ['x-request-id', 'generated'],
  ])
})

test('on mutual TLS the own element of the peer stands behind what was sent', () => {
  const headers = withSidecarFields(SENT, { peer: CLIENT, tls: 'mutual', scheme: 'https' })
  const [value, ...more] = headers.values(CERTIFICATE)
  assert.deepEqual(more, [])
  assert.match(value ?? '', /^By=a;URI=spiffe:\/\/forged,By=;Hash=;Subject="";URI=spiffe:\/\/cluster\.local\//)
  assert.deepEqual(
    [...headers.entries()].filter(([name]) => name.toLowerCase() === CERTIFICATE),
    [[CERTIFICATE, value]],
  )
})

test('scheme and id that were sent stay', () => {
  const sent = headersOf([
    ['x-forwarded-proto', 'https'],
    ['x-request-id', '7'],
  ])
  const headers = withSidecarFields(sent, { peer: null, tls: 'none', scheme: 'http' })
  assert.deepEqual(headers.values('x-forwarded-proto'), ['https'])
  assert.deepEqual(headers.values('x-request-id'), ['7'])
  assert.deepEqual([...headers.entries()], [...sent.entries()])
})

test('a proxy that has ended TLS has set them already', () => {
  const peer = { ...CLIENT, alpn: 'terminated' } as const
  assert.equal(withSidecarFields(SENT, { peer, tls: 'mutual', scheme: 'https' }), SENT)
})
