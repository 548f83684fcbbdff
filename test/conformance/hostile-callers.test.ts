import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '../../src/identity/evidence.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { x509 } from '../../src/pki/x509.ts'
import { attestationOptions, inlineRule, testAttestation } from '../support/attestation.ts'
import { testAuthorities } from '../support/authority.ts'
import { FakeClock } from '../support/fakes.ts'
import {
  CRL_SIGN,
  type ForgedFields,
  ForgingAuthority,
  KEY_CERT_SIGN,
  SERVER_ONLY,
} from '../support/forged-certificate.ts'
import { kubernetesClaims, makeToken, makeTokenKey } from '../support/jwt-maker.ts'
import { testCredentials } from '../support/serving.ts'

const NOW = 1_795_230_000
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const OTHER = 'spiffe://cluster.local/ns/default/sa/other'
const ZTUNNEL = 'spiffe://cluster.local/ns/istio-system/sa/ztunnel'
const clock = new FakeClock(NOW * 1000)
const authority = await ForgingAuthority.create(NOW)
const stranger = await ForgingAuthority.create(NOW)
const key = makeTokenKey('ES256', 'k')
const tokenOf = (namespace: string, name: string) =>
  makeToken(key, {
    ...kubernetesClaims(NOW),
    sub: `system:serviceaccount:${namespace}:${name}`,
    'kubernetes.io': undefined,
  })

const denied = new Set<string>()
const options = attestationOptions({
  jwt: [inlineRule([key])],
  impersonation: [{ caller: ZTUNNEL, identities: ['spiffe://cluster.local/ns/*', 'spiffe://cluster.local/vm/one'] }],
})
const ports = { issuers: authority, denied: { has: (kind: string, value: string) => denied.has(`${kind} ${value}`) } }
const { attestation, joinTokens, store } = testAttestation(options, clock, ports)

async function codeOf(evidence: Evidence): Promise<string> {
  try {
    await attestation.attest(evidence)
    return 'attested'
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error.code
  }
}

const untrusted = 'auth.certificate_untrusted'
const certificates: readonly (readonly [string, ForgedFields, string])[] = [
  ['a good one', {}, 'attested'],
  ['DNS names beside the identity (X-3)', { dns: ['web.default.svc'] }, 'attested'],
  ['in its last second', { notAfter: NOW }, 'attested'],
  ['expired a second ago', { notBefore: NOW - 60, notAfter: NOW - 1 }, 'auth.certificate_expired'],
  ['not valid yet', { notBefore: NOW + 1 }, untrusted],
  ['for servers alone', { extendedKeyUsage: SERVER_ONLY }, untrusted],
  ['cA=true', { isCa: true }, untrusted],
  ['keyCertSign (X-22)', { keyUsage: KEY_CERT_SIGN }, untrusted],
  ['cRLSign (X-22)', { keyUsage: CRL_SIGN }, untrusted],
  ['two URIs (X-2)', { uris: [WEB, OTHER] }, untrusted],
  ['no URI', { uris: [] }, untrusted],
  ['a DNS name alone', { uris: [], dns: ['spiffe.example'] }, untrusted],
  ['another trust domain', { uris: ['spiffe://evil.example/ns/default/sa/web'] }, untrusted],
  ['a trust domain that ours begins', { uris: ['spiffe://cluster.local.evil.example/ns/a/sa/b'] }, untrusted],
  ['no path (X-4)', { uris: ['spiffe://cluster.local'] }, untrusted],
  ['an URI that is no SPIFFE ID', { uris: ['https://cluster.local/ns/default/sa/web'] }, untrusted],
  ['two URIs in one text (26)', { uris: [`${WEB}, URI:${OTHER}`] }, untrusted],
  ['a longer life than its issuer', { notAfter: NOW + 31 * 86_400 }, untrusted],
  ['the name of another issuer', { issuerName: 'CN=somebody else' }, untrusted],
  ['an unknown critical extension', { extra: [new x509.Extension('1.2.3.4', true, Buffer.from([5, 0]))] }, untrusted],
]
for (const [title, fields, want] of certificates) {
  test(`hostile 71: a client certificate, ${title}: ${want}`, async () => {
    assert.equal(await codeOf({ clientCertificate: await authority.issue(fields) }), want)
  })
}

test('hostile 71: a stranger signed it, in his own name or in ours', async () => {
  assert.equal(await codeOf({ clientCertificate: await stranger.issue() }), untrusted)
  assert.equal(await codeOf({ clientCertificate: await authority.issue({}, stranger) }), untrusted)
})

test('hostile 71: bytes that are no certificate', async () => {
  const good = await authority.issue()
  const flipped = Buffer.from(good)
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 5) ^ 1, flipped.length - 5)
  for (const bytes of [Buffer.alloc(0), Buffer.from('x'), good.subarray(0, -1), Buffer.concat([good, good]), flipped]) {
    assert.equal(await codeOf({ clientCertificate: bytes }), untrusted)
  }
})

test('hostile 71: a certificate that was good stops counting when its issuer is retired', async () => {
  const clientCertificate = await authority.issue()
  assert.equal(await codeOf({ clientCertificate }), 'attested')
  authority.trusted = false
  authority.version++
  assert.equal(await codeOf({ clientCertificate }), untrusted)
  authority.trusted = true
  authority.version++
  assert.equal(await codeOf({ clientCertificate }), 'attested')
})

test('hostile 71: a certificate that is known expires all the same', async () => {
  const later = new FakeClock(NOW * 1000)
  const { attestation: ageing } = testAttestation(options, later, ports)
  const clientCertificate = await authority.issue({ notAfter: NOW + 10 })
  assert.equal((await ageing.attest({ clientCertificate })).identity.uri, WEB)
  later.advance(11_000)
  assert.throws(() => ageing.attest({ clientCertificate }), { code: 'auth.certificate_expired' })
})

test('a leaf of our own profile renews itself', async () => {
  const authorities = await testAuthorities('ec-p256', NOW * 1000)
  const { issuing, intermediate } = authorities
  const issuer = {
    publicKey: issuing.signer.publicKey,
    notAfter: intermediate.authority.notAfter,
    subject: Buffer.from(new x509.X509Certificate(intermediate.authority.certificate).subjectName.toArrayBuffer()),
  }
  const issuers = { version: 1, find: (id: string) => (id === intermediate.authority.id ? issuer : null) }
  const { attestation: own } = testAttestation(options, clock, { issuers })
  const { der } = await testCredentials(authorities, { uri: WEB, now: NOW * 1000 })
  const caller = await own.attest({ clientCertificate: der })
  assert.equal(caller.identity.uri, WEB)
  assert.equal(caller.attestor, 'client-certificate')
  assert.match(caller.subject, /^[0-9a-f]{32}$/)
})

test('hostile 72: a revoked certificate, identity or key is denied, also when the certificate is known', async () => {
  const clientCertificate = await authority.issue()
  const { subject } = await attestation.attest({ clientCertificate })
  const spki = new x509.X509Certificate(clientCertificate).publicKey.rawData
  const key = Buffer.from(await crypto.subtle.digest('SHA-256', spki)).toString('hex')
  for (const entry of [`serial ${subject}`, `identity ${WEB}`, `key ${key}`]) {
    denied.add(entry)
    assert.equal(await codeOf({ clientCertificate }), 'issue.denied')
    denied.delete(entry)
  }
  assert.equal(await codeOf({ clientCertificate }), 'attested')
})

const webCertificate = await authority.issue()
const expiredCertificate = await authority.issue({ notAfter: NOW - 1 })
const webJoin = (await joinTokens.create({ identity: WEB, uses: 10 }, 'local')).token
const otherJoin = (await joinTokens.create({ identity: OTHER, uses: 10 }, 'local')).token
const unknownJoin = `alcz_${'A'.repeat(43)}`
const web = tokenOf('default', 'web')
const other = tokenOf('default', 'other')
const bad = `${web}A`

const proofs: readonly (readonly [string, Evidence, string])[] = [
  ['nothing', {}, 'auth.missing'],
  ['certificate alone', { clientCertificate: webCertificate }, 'client-certificate'],
  ['token alone', { bearer: web }, 'jwt'],
  ['join token as bearer', { bearer: webJoin }, 'join-token'],
  ['join token in the body', { joinToken: webJoin }, 'join-token'],
  ['certificate and token agree', { clientCertificate: webCertificate, bearer: web }, 'client-certificate'],
  [
    'certificate of one, token of another',
    { clientCertificate: webCertificate, bearer: other },
    'auth.proofs_disagree',
  ],
  [
    'certificate of one, join token of another',
    { clientCertificate: webCertificate, joinToken: otherJoin },
    'auth.proofs_disagree',
  ],
  ['token of one, join token of another', { bearer: web, joinToken: otherJoin }, 'auth.proofs_disagree'],
  ['two join tokens of two', { bearer: webJoin, joinToken: otherJoin }, 'auth.proofs_disagree'],
  ['token and join token agree: none is spent', { bearer: web, joinToken: webJoin }, 'jwt'],
  ['a bad token beside a good certificate', { clientCertificate: webCertificate, bearer: bad }, 'client-certificate'],
  ['an expired certificate beside a good token', { clientCertificate: expiredCertificate, bearer: other }, 'jwt'],
  ['a bad token beside a good join token', { bearer: bad, joinToken: otherJoin }, 'join-token'],
  ['an unknown join token beside a good token', { bearer: web, joinToken: unknownJoin }, 'jwt'],
  ['both bad: the last speaks', { clientCertificate: expiredCertificate, bearer: bad }, 'auth.signature_invalid'],
  [
    'all bad: the last speaks',
    { clientCertificate: expiredCertificate, bearer: bad, joinToken: unknownJoin },
    'auth.token_unknown',
  ],
]
for (const [title, evidence, want] of proofs) {
  test(`hostile 73: ${title}: ${want}`, async () => {
    const code = await codeOf(evidence)
    if (code !== 'attested') return assert.equal(code, want)
    const caller = await attestation.attest(evidence)
    assert.equal(caller.attestor, want)
    assert.equal(caller.spend !== undefined, want === 'join-token')
  })
}

test('hostile 73: a failing store is no invalid proof', async () => {
  const { attestation: failing, store: broken } = testAttestation(options, clock, ports)
  broken.findTokenByHash = () => Promise.reject(new Error('disk'))
  await assert.rejects(async () => failing.attest({ bearer: web, joinToken: unknownJoin }), { message: 'disk' })
  assert.equal(store.tokens.length, 2)
})

const refused = 'auth.impersonation_denied'
const ztunnel = tokenOf('istio-system', 'ztunnel')
const impersonations: readonly (readonly [string, Evidence, string])[] = [
  ['granted', { bearer: ztunnel, impersonate: WEB }, 'attested'],
  ['granted to the letter', { bearer: ztunnel, impersonate: 'spiffe://cluster.local/vm/one' }, 'attested'],
  [
    'more than was granted to the letter',
    { bearer: ztunnel, impersonate: 'spiffe://cluster.local/vm/one/two' },
    refused,
  ],
  ['below another path', { bearer: ztunnel, impersonate: 'spiffe://cluster.local/nsx/default/sa/web' }, refused],
  ['the prefix itself', { bearer: ztunnel, impersonate: 'spiffe://cluster.local/ns' }, refused],
  ['a caller without a grant', { bearer: web, impersonate: OTHER }, refused],
  ['a caller without a grant, for itself', { bearer: web, impersonate: WEB }, refused],
  ['not SPIFFE', { bearer: ztunnel, impersonate: 'https://cluster.local/ns/default/sa/web' }, refused],
  ['an IP address', { bearer: ztunnel, impersonate: '10.0.0.1' }, refused],
  ['another trust domain', { bearer: ztunnel, impersonate: 'spiffe://evil.example/ns/default/sa/default' }, refused],
  ['an empty trust domain', { bearer: ztunnel, impersonate: 'spiffe:///ns/default/sa/default' }, refused],
  ['upper case', { bearer: ztunnel, impersonate: 'spiffe://CLUSTER.local/ns/default/sa/web' }, refused],
  ['dots', { bearer: ztunnel, impersonate: 'spiffe://cluster.local/ns/../sa/web' }, refused],
  ['the trust domain itself', { bearer: ztunnel, impersonate: 'spiffe://cluster.local' }, refused],
  ['a wildcard', { bearer: ztunnel, impersonate: 'spiffe://cluster.local/ns/*' }, refused],
  ['the local administrator', { localAdmin: true, impersonate: WEB }, refused],
  ['no proof', { impersonate: WEB }, 'auth.missing'],
]
for (const [title, evidence, want] of impersonations) {
  test(`hostile 75: impersonation, ${title}: ${want}`, async () => assert.equal(await codeOf(evidence), want))
}

test('hostile 75: who impersonates stays on the record', async () => {
  const caller = await attestation.attest({ bearer: ztunnel, impersonate: WEB })
  assert.equal(caller.identity.uri, WEB)
  assert.equal(caller.impersonatedBy?.uri, ZTUNNEL)
  assert.match(caller.subject, /system:serviceaccount:istio-system:ztunnel$/)
})

test('hostile 75: no grant reaches an identity that administers the service', async () => {
  const admins = [{ identity: WEB, role: 'admin' as const }]
  const { attestation: governed } = testAttestation({ ...options, admins }, clock, ports)
  await assert.rejects(async () => governed.attest({ bearer: ztunnel, impersonate: WEB }), {
    code: 'auth.impersonation_denied',
  })
  assert.equal(governed.roleOf(await governed.attest({ bearer: web })), 'admin')
})
