import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toQuestion } from '../../../../src/api/grpc/check-question.ts'
import { decodeCheckRequest } from '../../../../src/api/grpc/decode-check-request.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { CLIENT_ID, checkPeer, checkRequest, socketAddress } from '../../../support/check.ts'

const OTHER_ID = 'spiffe://other.example/ns/a/sa/b'
const urisOf = (encoded: string) => encoded.split(' ')

function ask(fields: Parameters<typeof checkRequest>[0]) {
  return toQuestion(decodeCheckRequest(checkRequest(fields)), urisOf)
}

describe('peer', () => {
  const none = { uriSans: [], sni: null, certificate: false, alpn: 'terminated' }
  const client = { uriSans: [CLIENT_ID], sni: null, certificate: true, alpn: 'terminated' }
  const cases: readonly (readonly [string, Parameters<typeof checkRequest>[0], unknown])[] = [
    ['no principal and no session: plaintext', { source: checkPeer(), tlsSession: undefined }, null],
    ['a session without principal: TLS without client certificate', { source: checkPeer() }, { ...none, sni: 's' }],
    ['a principal: mTLS', { source: checkPeer({ principal: CLIENT_ID }), tlsSession: undefined }, client],
    [
      'a certificate: all its names',
      { source: checkPeer({ principal: CLIENT_ID, certificate: `${CLIENT_ID} ${OTHER_ID}` }), tlsSession: undefined },
      { ...client, uriSans: [CLIENT_ID, OTHER_ID] },
    ],
    [
      'a certificate without principal',
      { source: checkPeer({ certificate: OTHER_ID }), tlsSession: undefined },
      { ...client, uriSans: [OTHER_ID] },
    ],
    [
      'hostile 91: a principal without `spiffe://` is no identity',
      { source: checkPeer({ principal: 'cluster.local/ns/default/sa/client' }), tlsSession: undefined },
      null,
    ],
    [
      'hostile 91: several URIs in one principal are no identity',
      { source: checkPeer({ principal: `${OTHER_ID},${CLIENT_ID}` }), tlsSession: undefined },
      null,
    ],
    ['an empty session: plaintext', { source: checkPeer(), tlsSession: { sni: '' } }, null],
    ['an empty SNI is none', { source: checkPeer({ principal: CLIENT_ID }), tlsSession: { sni: '' } }, client],
  ]
  for (const [title, fields, want] of cases) {
    test(title, () => assert.deepEqual(ask({ tlsSession: { sni: 's' }, ...fields }).peer, want))
  }

  test('a principal that is not in the certificate is refused', () => {
    const source = checkPeer({ principal: CLIENT_ID, certificate: OTHER_ID })
    assert.throws(() => ask({ source }), { code: 'request.malformed' })
  })
})

describe('addresses', () => {
  test('are those of the connection', () => {
    const { sourceIp, destinationIp, port } = ask({})
    assert.deepEqual([sourceIp, destinationIp, port], ['10.0.0.9', '10.0.0.1', 8080])
  })

  test('stay unknown without a destination', () => {
    const { destinationIp, port } = ask({ destination: undefined })
    assert.deepEqual([destinationIp, port], [null, 0])
  })

  for (const address of ['10.0.0', '010.1.1.1', 'web', '10.0.0.1/8', '[::1]']) {
    test(`hostile 96: \`${address}\` is none`, () => {
      const source = checkPeer({ address: socketAddress(address, 1) })
      assert.throws(
        () => ask({ source }),
        (error) => error instanceof AppError && error.code === 'request.malformed',
      )
    })
  }
})
