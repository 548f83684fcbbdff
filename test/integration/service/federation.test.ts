import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { newRequest } from '../../support/doors.ts'
import { bundleText, foreignRoot, newForeignAuthority } from '../../support/foreign-bundle.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer, createToken, exchange, monitor, readMetric } from '../../support/service-api.ts'

const PARTNER = 'partner.example'
const WEB = `spiffe://${PARTNER}/ns/shop/sa/web`
const MAIN = join(import.meta.dirname, '../../../bin/alcazar.cjs')
const FOREIGN = [{ trustDomain: PARTNER, identities: [`spiffe://${PARTNER}/ns/shop/*`] }]

let ours: Service
let partner: Service
const partnerConfig: Json = {
  trustDomain: PARTNER,
  listen: {
    grpc: '127.0.0.1:0',
    https: '127.0.0.1:0',
    monitoring: '127.0.0.1:0',
    bundle: { address: '127.0.0.1:0', profile: 'https_spiffe' },
  },
}
before(async () => {
  const attestation = { clientCertificate: { foreign: FOREIGN } }
  ;[ours, partner] = await Promise.all([
    startService({ config: { attestation } }),
    startService({ config: partnerConfig }),
  ])
})
after(() => Promise.all([ours.stop(), partner.stop()]))

/** A certificate that `service` issues for a token of its own. */
async function certified(service: Service, identity: string) {
  const joinToken = await createToken(service, identity)
  const { csr, pem } = newRequest(identity)
  const { status, json, text } = await administer(service, 'POST', '/v1/certificates', { csr, joinToken })
  assert.equal(status, 201, text)
  return { cert: (json.chain ?? []).join(''), key: pem }
}

interface Shown {
  readonly cert: string
  readonly key: string
}

/** A request to our REST API with a client certificate. */
function ask(shown: Shown, path: string, more: https.RequestOptions = {}) {
  const options = { host: '127.0.0.1', port: ours.port('https'), ca: ours.roots(), path, agent: false as const }
  return https.request({ ...options, ...shown, ...more })
}

function fromBundleEndpoint(service: Service, options: https.RequestOptions = {}, ca = service.roots()) {
  const [host, port] = service.address('bundle').split(':')
  const request = { host, port, path: '/', agent: false as const, ca, checkServerIdentity: () => undefined, ...options }
  return exchange(https.request(request))
}

function alcazar(...words: readonly string[]): string {
  const env = { ...process.env, ALCAZAR_SERVER: ours.address('admin') }
  return execFileSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', env })
}

const federate = (...words: readonly string[]) => alcazar('bundle', 'federate', ...words)
const show = (...words: readonly string[]) => alcazar('bundle', 'show', ...words)

describe('the bundle endpoint, https_spiffe', () => {
  test('F-9, F-14: serves what /v1/bundle has, with our own SVID, and with an ETag', async () => {
    const { status, headers, text } = await fromBundleEndpoint(partner)
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^application\/json/)
    assert.equal((await administer(partner, 'GET', '/v1/bundle')).text, text)
    const again = await fromBundleEndpoint(partner, { headers: { 'if-none-match': headers.etag } })
    assert.equal(again.status, 304)
    const head = await fromBundleEndpoint(partner, { method: 'HEAD', headers: { 'if-none-match': headers.etag } })
    assert.equal(head.status, 304)
  })

  test('GET and HEAD of / and nothing else', async () => {
    assert.equal((await fromBundleEndpoint(partner, { path: '/v1/bundle' })).status, 404)
    const post = await fromBundleEndpoint(partner, { method: 'POST' })
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`F-8: no client is asked for a certificate, ${version}`, { skip: opensslMissing }, () => {
      const flag = version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3'
      const said = openssl(['s_client', '-connect', partner.address('bundle'), flag])
      assert.match(said, /No client certificate CA names sent/)
      assert.doesNotMatch(said, /Client Certificate Types|Requested Signature Algorithms/)
    })
  }

  test('F-3: no cipher suite without authenticated encryption', async () => {
    const [host, port] = partner.address('bundle').split(':')
    const options = {
      host,
      port: Number(port),
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-SHA256',
      rejectUnauthorized: false,
    } as const
    await assert.rejects(
      new Promise((resolve, reject) => {
        tls.connect(options, () => resolve(null)).on('error', reject)
      }),
    )
  })
})

test('F-16: without the bundle of the first time an https_spiffe server cannot be verified', async () => {
  const body = { trustDomain: PARTNER, url: 'https://127.0.0.1:1/', profile: 'https_spiffe', endpointSpiffeId: WEB }
  const { status, json } = await administer(ours, 'POST', '/v1/federation', body)
  assert.deepEqual([status, json.code], [400, 'request.malformed'])
})

test('federated, the partner is believed for its own identities and only to look', async () => {
  const web = await certified(partner, WEB)
  const other = await certified(partner, `spiffe://${PARTNER}/ns/other/sa/web`)
  const before = await exchange(ask(web, '/v1/status'))
  assert.deepEqual([before.status, before.json.code], [401, 'auth.certificate_untrusted'])

  const file = join(newDirectory(), 'partner.json')
  writeFileSync(file, (await fromBundleEndpoint(partner)).text)
  const url = `https://${partner.address('bundle')}/`
  const server = `spiffe://${PARTNER}/ns/istio-system/sa/alcazar`
  const named = ['--trust-domain', PARTNER, '--url', url, '--profile', 'https_spiffe', '--endpoint-spiffe-id', server]
  assert.equal(
    federate('add', ...named, '--bundle', file, '--allow-private-address'),
    `federated with ${PARTNER}: 1 roots, sequence 2\n`,
  )
  assert.match(federate('list'), /partner\.example +https_spiffe +ok +1 +2 /)
  assert.equal((await exchange(ask(web, '/v1/status'))).status, 200)

  const refused = await exchange(ask(other, '/v1/status'))
  assert.deepEqual([refused.status, refused.json.code], [403, 'auth.forbidden'])
  const { csr } = newRequest(WEB)
  const issue = ask(web, '/v1/certificates', { method: 'POST', headers: { 'content-type': 'application/json' } })
  const denied = await exchange(issue, JSON.stringify({ csr }))
  assert.deepEqual([denied.status, denied.json.code], [401, 'auth.certificate_untrusted'])
  const operate = ask(web, '/v1/tokens', { method: 'POST', headers: { 'content-type': 'application/json' } })
  assert.equal((await exchange(operate, JSON.stringify({ identity: WEB }))).status, 403)
  assert.equal(await readMetric(ours, `alcazar_federation_ok{trustDomain="${PARTNER}"}`), 1)
  assert.match(
    (await monitor(ours, '/metrics')).text,
    /alcazar_federation_bundle_age_seconds\{trustDomain="partner\.example"\} \d/,
  )
})

test('F-21: whoever holds a certificate of ours gets their bundle, apart from ours, and waits for the next', async () => {
  const own = await certified(ours, 'spiffe://cluster.local/ns/shop/sa/web')
  const get = (path: string, more: https.RequestOptions = {}) => exchange(ask(own, path, more))
  const theirs = await get(`/v1/bundle?trustDomain=${PARTNER}`)
  assert.equal(theirs.status, 200, theirs.text)
  const { keys, spiffe_sequence: sequence, spiffe_refresh_hint: hint } = JSON.parse(theirs.text)
  assert.deepEqual({ keys, sequence, hint }, await published(partner))
  assert.match(String(theirs.headers.age), /^\d+$/)
  assert.match(String(theirs.headers['cache-status']), /^alcazar; hit; ttl=\d+$/)
  const pem = await get(`/v1/bundle.pem?trustDomain=${PARTNER}`)
  assert.equal(pem.text, partner.roots())
  assert.equal((await get('/v1/bundle.pem')).text, ours.roots())
  assert.equal(show('--trust-domain', PARTNER), partner.roots())
  assert.equal(show('--trust-domain', PARTNER, '--format', 'spiffe'), `${theirs.text}\n`)
  assert.equal((await get('/v1/bundle?trustDomain=other.example')).json.code, 'resource.not_found')

  const unchanged = await get(`/v1/bundle?trustDomain=${PARTNER}`, {
    headers: { 'if-none-match': theirs.headers.etag },
  })
  assert.equal(unchanged.status, 304)
  const waiting = get(`/v1/bundle?trustDomain=${PARTNER}&after=${sequence}&wait=60s`)
  const prepared = await administer(partner, 'POST', '/v1/authorities', { kind: 'root' })
  assert.equal(prepared.status, 201, prepared.text)
  federate('refresh', '--trust-domain', PARTNER)
  const next = JSON.parse((await waiting).text)
  assert.deepEqual([next.spiffe_sequence, next.keys.length], [sequence + 1, keys.length + 1])
})

/** What the partner itself publishes. */
async function published(service: Service) {
  const {
    keys,
    spiffe_sequence: sequence,
    spiffe_refresh_hint: hint,
  } = JSON.parse((await administer(service, 'GET', '/v1/bundle')).text)
  return { keys, sequence, hint }
}

test('status tells of each foreign trust domain', async () => {
  const { federation } = JSON.parse((await administer(ours, 'GET', '/v1/status')).text)
  const [{ trustDomain, state, error, fetchedAt, nextFetchAt, freshUntil }] = federation
  assert.deepEqual([trustDomain, state, error], [PARTNER, 'ok', null])
  assert.ok(Date.parse(fetchedAt) < Date.parse(nextFetchAt))
  assert.ok(Date.parse(nextFetchAt) < Date.parse(freshUntil))
  assert.match(alcazar('status'), /partner\.example +https_spiffe +ok /)
})

test('a resumed session, which shows the leaf alone, is known again', async () => {
  const web = await certified(partner, WEB)
  const options = { host: '127.0.0.1', port: ours.port('https'), ca: ours.roots(), ...web }
  const session = await new Promise<Buffer>((resolve, reject) => {
    const socket = tls.connect(options).on('error', reject)
    socket.on('session', resolve)
    socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    socket.resume()
  })
  let isReused = false
  const socket = tls.connect({ ...options, session }, () => {
    isReused = socket.isSessionReused()
  })
  socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  assert.equal(isReused, true)
  assert.match(answer, /^HTTP\/1\.1 200 /)
})

test('the partner issues no identity of ours', async () => {
  const own = 'spiffe://cluster.local/ns/shop/sa/web'
  const joinToken = await administer(partner, 'POST', '/v1/tokens', { identity: own })
  assert.equal(joinToken.status, 400) // the partner is honest; what a dishonest one signs is in the unit tests
})

test('F-22: the last good bundle outlives its server and a restart', async () => {
  const web = await certified(partner, WEB)
  const root = readFileSync(join(partner.data, 'bundle.pem'), 'utf8')
  await partner.stop()
  const failed = federate('refresh', '--trust-domain', PARTNER)
  assert.match(failed, /could not be fetched, it is tried again: .*ECONNREFUSED/)
  await ours.kill()
  ours = await startService({
    directory: ours.directory,
    config: { attestation: { clientCertificate: { foreign: FOREIGN } } },
  })
  assert.equal((await exchange(ask(web, '/v1/status'))).status, 200)
  assert.equal(await readMetric(ours, `alcazar_federation_ok{trustDomain="${PARTNER}"}`), 0)
  partner = await startService({ directory: partner.directory, config: partnerConfig })
  assert.equal(new X509Certificate(partner.roots()).fingerprint256, new X509Certificate(root).fingerprint256)
})

test('F-23: removed, nobody of the trust domain is believed', async () => {
  const web = await certified(partner, WEB)
  assert.equal((await exchange(ask(web, '/v1/status'))).status, 200)
  assert.equal(federate('remove', '--trust-domain', PARTNER, '--yes'), `no longer federated with ${PARTNER}\n`)
  const refused = await exchange(ask(web, '/v1/status'))
  assert.deepEqual([refused.status, refused.json.code], [401, 'auth.certificate_untrusted'])
  assert.equal((await administer(ours, 'DELETE', `/v1/federation/${PARTNER}`)).status, 404)
  const { json } = await administer(ours, 'GET', '/v1/audit')
  const actions = JSON.stringify(json)
  assert.match(actions, /federation\.add/)
  assert.match(actions, /federation\.remove/)
})

const SOMEBODY = foreignRoot(newForeignAuthority('Somebody'), {
  uris: [`spiffe://${PARTNER}`],
  notBefore: Math.floor(Date.now() / 1000) - 60,
  notAfter: Math.floor(Date.now() / 1000) + 3600,
})

for (const [title, endpoint, isGenuine, reason] of [
  [
    'is another workload',
    `spiffe://${PARTNER}/ns/other/sa/server`,
    true,
    /the server is spiffe:\/\/partner\.example\/ns\/istio-system\/sa\/alcazar and not/,
  ],
  [
    'is not vouched for by the bundle',
    `spiffe://${PARTNER}/ns/istio-system/sa/alcazar`,
    false,
    /self-signed certificate|issuer certificate/,
  ],
] as const) {
  test(`F-15, https_spiffe: nothing is taken of a server that ${title}`, async () => {
    const bundle = isGenuine ? (await fromBundleEndpoint(partner)).text : bundleText([SOMEBODY])
    const url = `https://${partner.address('bundle')}/`
    const how = { profile: 'https_spiffe', endpointSpiffeId: endpoint, allowPrivateAddress: true }
    const added = await administer(ours, 'POST', '/v1/federation', { trustDomain: PARTNER, url, ...how, bundle })
    assert.match(added.text, /"state":"failing"/)
    assert.match(added.text, reason)
    assert.equal((await administer(ours, 'DELETE', `/v1/federation/${PARTNER}`)).status, 204)
  })
}

describe('the bundle endpoint, https_web', { skip: opensslMissing }, () => {
  const directory = newDirectory()
  const files = { certificate: join(directory, 'web.pem'), key: join(directory, 'web.key') }
  let service: Service

  function renew(): string {
    const subject = ['-subj', '/CN=bundle', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.key]
    openssl(['req', '-x509', ...key, '-out', files.certificate, ...subject])
    return readFileSync(files.certificate, 'utf8')
  }

  before(async () => {
    renew()
    const listen = {
      ...(partnerConfig.listen as object),
      bundle: { address: '127.0.0.1:0', profile: 'https_web', ...files },
    }
    service = await startService({ config: { trustDomain: 'web.example', listen } })
  })
  after(() => service.stop())

  test('F-5: serves with the given certificate, and with the next one after SIGHUP', async () => {
    const first = readFileSync(files.certificate, 'utf8')
    assert.equal(
      (await fromBundleEndpoint(service, { checkServerIdentity: tls.checkServerIdentity }, first)).status,
      200,
    )
    const second = renew()
    service.signal('SIGHUP')
    for (;;) {
      const answer = await fromBundleEndpoint(service, {}, second).catch(() => null)
      if (answer?.status === 200) break
    }
    await assert.rejects(fromBundleEndpoint(service, {}, first))
  })

  test('F-7: a client by the public CAs: trusted when they have it, else refused with the reason', async () => {
    const client = await startService({ env: { NODE_EXTRA_CA_CERTS: files.certificate } })
    const url = `https://${service.address('bundle')}/`
    const body = { trustDomain: 'web.example', url, profile: 'https_web', allowPrivateAddress: true }
    const added = await administer(client, 'POST', '/v1/federation', body)
    assert.equal(added.status, 201, added.text)
    assert.match(added.text, /"state":"ok".*"roots":1/)
    await client.stop()
    const stranger = await administer(ours, 'POST', '/v1/federation', body)
    assert.match(stranger.text, /"state":"failing","error":"[^"]*self-signed certificate/)
    const isPrivate = { ...body, trustDomain: 'private.example', allowPrivateAddress: false }
    const privately = await administer(ours, 'POST', '/v1/federation', isPrivate)
    assert.match(privately.text, /127\.0\.0\.1 is not a public address/)
  })
})
