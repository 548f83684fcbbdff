import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { fetchForeignBundle } from '../../../src/ca/federation/fetch-foreign-bundle.ts'
import { ForeignBundleError } from '../../../src/ca/federation/foreign-bundle-error.ts'
import type { Relationship } from '../../../src/ca/federation/relationship.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { newKey } from '../../support/ca-material.ts'
import {
  foreignIntermediate,
  foreignLeaf,
  foreignRoot,
  newForeignAuthority,
  PARTNER,
} from '../../support/foreign-bundle.ts'
import { basicConstraints, extendedKeyUsage, keyUsage, type OddCertificate } from '../../support/odd-certificate.ts'

const SERVER = `spiffe://${PARTNER}/spire/server`
const SECONDS = Math.floor(Date.now() / 1000)
const LIFE = { notBefore: SECONDS - 60, notAfter: SECONDS + 3600 }
const ROOT = newForeignAuthority('Partner root')
const CA = newForeignAuthority('Partner CA')
const key = newKey()
const pem = (...ders: readonly Buffer[]) => ders.map((der) => toPem('CERTIFICATE', der)).join('')
const root = foreignRoot(ROOT, LIFE)

/** Certificate of the server, unless told otherwise a good one. */
const leaf = (more: OddCertificate = {}, issuer = ROOT) =>
  foreignLeaf(issuer, { ...LIFE, uris: [SERVER], key, ...more })

interface Opened {
  readonly url: string
  readonly requests: readonly IncomingMessage[]
}

const bundle: RequestListener = (_request, response) => response.end('{"keys":[]}')

async function openEndpoint(t: TestContext, chain: readonly Buffer[], answer = bundle): Promise<Opened> {
  const requests: IncomingMessage[] = []
  const tls = { cert: pem(...chain), key: key.export({ type: 'pkcs8', format: 'pem' }) }
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    requests.push(request)
    answer(request, response)
  })
  server.on('tlsClientError', () => {}) // the client hangs up on a certificate that it refuses
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}/bundle`, requests }
}

function fetchFrom(url: string, more: Partial<Relationship> = {}, roots: readonly string[] = [pem(root)]) {
  const told = { trustDomain: PARTNER, url, profile: 'https_spiffe', endpointSpiffeId: SERVER } as const
  const relationship = { ...told, allowPrivateAddress: true, addedAt: 0, addedBy: 'local', ...more }
  return fetchForeignBundle(relationship, { roots, signal: new AbortController().signal })
}

describe('https_spiffe', () => {
  test('F-5, F-14: an SVID below the bundle is taken, whatever host it is at', async (t) => {
    const intermediate = foreignIntermediate(CA, ROOT, LIFE)
    for (const chain of [[leaf()], [leaf({}, CA), intermediate]]) {
      const { url } = await openEndpoint(t, chain)
      assert.equal((await fetchFrom(url)).toString(), '{"keys":[]}')
    }
  })

  test('F-8: the client shows no certificate and no other proof', async (t) => {
    const shown: unknown[] = []
    const { url } = await openEndpoint(t, [leaf()], ({ socket, headers, method }, response) => {
      const certificate = (socket as TLSSocket).getPeerCertificate()
      shown.push({ method, certificate, authorization: headers.authorization, cookie: headers.cookie })
      response.end('{}')
    })
    await fetchFrom(url)
    assert.deepEqual(shown, [{ method: 'GET', certificate: {}, authorization: undefined, cookie: undefined }])
  })

  const refused: readonly (readonly [string, readonly Buffer[]])[] = [
    ['F-15: another workload', [leaf({ uris: [`spiffe://${PARTNER}/spire/agent`] })]],
    ['F-15: the same path in another trust domain', [leaf({ uris: ['spiffe://other.example/spire/server'] })]],
    ['F-15: the same identity in another case', [leaf({ uris: [SERVER.toUpperCase()] })]],
    ['X-2: two identities, one of them the right one', [leaf({ uris: [SERVER, 'spiffe://other.example/x'] })]],
    ['X-1: no identity', [leaf({ uris: [] })]],
    ['F-14: somebody whom the bundle does not vouch for', [leaf({}, newForeignAuthority('Partner root'))]],
    ['F-14: an SVID that expired', [leaf({ notAfter: SECONDS - 1 })]],
    ['F-14: an SVID that is not valid yet', [leaf({ notBefore: SECONDS + 600 })]],
    ['X-11: an authority', [leaf({ ca: true, name: 'x' })]],
    ['X-18: a leaf that may sign', [leaf({ keyUsage: keyUsage(0x84) })]],
    ['X-12: a leaf with CA:TRUE', [leaf({ basicConstraints: basicConstraints(true) })]],
    ['a certificate for clients alone', [leaf({ extendedKeyUsage: extendedKeyUsage('1.3.6.1.5.5.7.3.2') })]],
    ['a chain whose intermediate is missing', [leaf({}, CA)]],
  ]
  for (const [title, chain] of refused) {
    test(`nothing is asked of ${title}`, async (t) => {
      const { url, requests } = await openEndpoint(t, chain)
      await assert.rejects(fetchFrom(url), ForeignBundleError)
      assert.equal(requests.length, 0)
    })
  }

  test('F-16: without any root of its trust domain nobody is asked', async (t) => {
    const { url, requests } = await openEndpoint(t, [leaf()])
    await assert.rejects(fetchFrom(url, {}, []), ForeignBundleError)
    assert.equal(requests.length, 0)
  })

  test('F-7: with https_web the roots of the trust domain vouch for nobody', async (t) => {
    const { url } = await openEndpoint(t, [leaf()])
    await assert.rejects(fetchFrom(url, { profile: 'https_web', endpointSpiffeId: null }), ForeignBundleError)
  })
})

describe('redirects', () => {
  const to =
    (location: string): RequestListener =>
    (request, response) => {
      if (request.url === '/bundle') response.writeHead(302, { location }).end()
      else bundle(request, response)
    }

  test('F-12: one on the same server is followed, and not remembered', async (t) => {
    const { url, requests } = await openEndpoint(t, [leaf()], to('/new'))
    for (let i = 0; i < 2; i++) assert.equal((await fetchFrom(url)).toString(), '{"keys":[]}')
    assert.deepEqual(
      requests.map(({ url: path }) => path),
      ['/bundle', '/new', '/bundle', '/new'],
    )
  })

  test('F-12, F-15: nobody is followed to another server, nor out of https', async (t) => {
    const other = await openEndpoint(t, [leaf()])
    for (const location of [other.url, other.url.replace('https:', 'http:'), 'file:///etc/passwd', '//[']) {
      const { url } = await openEndpoint(t, [leaf()], to(location))
      await assert.rejects(fetchFrom(url), ForeignBundleError)
    }
    assert.equal(other.requests.length, 0)
  })

  test('F-12: a circle ends', async (t) => {
    const { url, requests } = await openEndpoint(t, [leaf()], to('/bundle'))
    await assert.rejects(fetchFrom(url), ForeignBundleError)
    assert.ok(requests.length < 10)
  })
})

const answers: readonly (readonly [string, RequestListener])[] = [
  ['more than any bundle has', (_, response) => response.end(' '.repeat(600_000))],
  ['a failure', (_, response) => response.writeHead(500).end('{"keys":[]}')],
  ['nothing to be read', (_, response) => response.writeHead(204).end()],
  ['compressed bytes', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')],
  [
    'less than it announces',
    (_, response) => response.writeHead(200, { 'content-length': 99 }).end('{}', () => response.destroy()),
  ],
]
for (const [title, answer] of answers) {
  test(`an endpoint that sends ${title} is refused`, async (t) => {
    const { url } = await openEndpoint(t, [leaf()], answer)
    await assert.rejects(fetchFrom(url), ForeignBundleError)
  })
}

test('a private address has to be allowed', async (t) => {
  const { url, requests } = await openEndpoint(t, [leaf()])
  await assert.rejects(fetchFrom(url, { allowPrivateAddress: false }), ForeignBundleError)
  assert.equal(requests.length, 0)
})
