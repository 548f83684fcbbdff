import assert from 'node:assert/strict'
import { createPublicKey, hash } from 'node:crypto'
import { before, test } from 'node:test'
import { type LintExpectation, lintLeaf } from '../../../../src/ca/issue/lint.ts'
import { LintError } from '../../../../src/ca/issue/lint-cursor.ts'
import { generateKey } from '../../../../src/pki/file-keys.ts'
import { fillLeafTemplate } from '../../../../src/pki/leaf-template.ts'
import { leafExtensions } from '../../../../src/pki/profile.ts'
import { x509 } from '../../../../src/pki/x509.ts'
import { type TestAuthorities, testAuthorities } from '../../../support/authority.ts'

const NOW = Date.UTC(2026, 10, 21)
const URI = 'spiffe://cluster.local/ns/default/sa/web'
const SPKI = createPublicKey(generateKey('ec-p256')).export({ type: 'spki', format: 'der' })
const SKI = hash('sha256', SPKI, 'hex').slice(0, 40)
const { KeyUsageFlags, ExtendedKeyUsage } = x509

let authorities: TestAuthorities
let want: LintExpectation
before(async () => {
  authorities = await testAuthorities('ec-p256', NOW)
  const { notBefore, notAfter } = authorities.intermediate.authority
  want = {
    identity: URI,
    issuerNotBefore: notBefore,
    issuerNotAfter: notAfter,
    issuerName: authorities.issuing.name,
    issuerKeyId: authorities.issuing.keyId,
    signatureAlgorithm: authorities.issuing.signer.algorithm,
    spki: SPKI,
    subjectKeyId: Buffer.from(SKI, 'hex'),
    rsaKey: false,
    otherNames: 'none',
  }
})

interface Draft {
  readonly serial?: string
  readonly subject?: string
  readonly issuer?: string
  readonly notBefore?: number
  readonly notAfter?: number
  /** Changes the profile's extensions: BC, KU, EKU, SKI, AKI, SAN. */
  readonly extensions?: (profile: x509.Extension[]) => x509.Extension[]
}

async function tbs(draft: Draft): Promise<Buffer> {
  const authorityKeyId = authorities.intermediate.authority.id
  const profile = leafExtensions({ keyType: 'ec-p256', subjectKeyId: SKI, authorityKeyId, names: { uri: URI } })
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: draft.serial ?? '0f'.repeat(16),
    ...(draft.subject === undefined ? {} : { subject: draft.subject }),
    issuer: draft.issuer ?? new x509.X509Certificate(authorities.intermediate.authority.certificate).subjectName,
    notBefore: new Date(draft.notBefore ?? NOW),
    notAfter: new Date(draft.notAfter ?? NOW + 3_600_000),
    publicKey: SPKI,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signature: new Uint8Array(64),
    extensions: draft.extensions?.(profile) ?? profile,
  })
  const body = Buffer.from(certificate.rawData).subarray(4)
  return body.subarray(0, body.readUInt16BE(2) + 4)
}

const replace = (index: number, extension: x509.Extension) => (profile: x509.Extension[]) =>
  profile.with(index, extension)
const without = (index: number) => (profile: x509.Extension[]) => profile.toSpliced(index, 1)
const names = (...values: { type: 'url' | 'dns' | 'ip' | 'email'; value: string }[]) =>
  replace(5, new x509.SubjectAlternativeNameExtension(values, true))

/** With a NULL behind the value of one extension. */
function withTail(profile: x509.Extension[], index: number): x509.Extension[] {
  const { type, critical, value } = profile[index] ?? assert.fail()
  const tail = Buffer.concat([Buffer.from(value), Buffer.from('0500', 'hex')])
  return profile.with(index, new x509.Extension(type, critical, tail))
}

const refused: readonly (readonly [string, Draft])[] = [
  ['X-1: no URI name', { extensions: names({ type: 'dns', value: 'a.example' }) }],
  ['X-1: a URI name that is not the attested identity', { extensions: names({ type: 'url', value: `${URI}2` }) }],
  ['X-2: two URI names', { extensions: names({ type: 'url', value: URI }, { type: 'url', value: URI }) }],
  [
    'X-3: a DNS name that nobody attested',
    { extensions: names({ type: 'url', value: URI }, { type: 'dns', value: 'a' }) },
  ],
  [
    'X-5: names not critical although the subject is empty',
    {
      extensions: replace(5, new x509.SubjectAlternativeNameExtension([{ type: 'url', value: URI }], false)),
    },
  ],
  ['X-5: a subject where none belongs', { subject: 'CN=admin' }],
  ['X-12: cA=true', { extensions: replace(0, new x509.BasicConstraintsExtension(true, undefined, true)) }],
  ['X-12: basic constraints missing', { extensions: without(0) }],
  ['X-14: key usage missing', { extensions: without(1) }],
  [
    'X-14: key usage not critical',
    { extensions: replace(1, new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, false)) },
  ],
  [
    'X-17: digitalSignature missing',
    { extensions: replace(1, new x509.KeyUsagesExtension(KeyUsageFlags.keyAgreement, true)) },
  ],
  [
    'X-18: keyCertSign set',
    {
      extensions: replace(
        1,
        new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true),
      ),
    },
  ],
  [
    'X-18: cRLSign set',
    {
      extensions: replace(1, new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign, true)),
    },
  ],
  [
    'X-17: keyEncipherment on an EC key',
    {
      extensions: replace(
        1,
        new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      ),
    },
  ],
  ['X-14: bytes behind the key usage', { extensions: (profile) => withTail(profile, 1) }],
  [
    'X-14: key usage that is not DER',
    { extensions: replace(1, new x509.Extension('2.5.29.15', true, Buffer.from('03020080', 'hex'))) },
  ],
  ['X-1: bytes behind the names', { extensions: (profile) => withTail(profile, 5) }],
  ['X-19: extended key usage missing', { extensions: without(2) }],
  [
    'X-20: clientAuth missing',
    { extensions: replace(2, new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])) },
  ],
  [
    'X-20: serverAuth missing',
    { extensions: replace(2, new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])) },
  ],
  ['RFC 5280 §4.2.1.2: subject key identifier missing', { extensions: without(3) }],
  ['RFC 5280 §4.2.1.1: authority key identifier missing', { extensions: without(4) }],
  ['RFC 5280 §4.2: an extension twice', { extensions: (profile) => [...profile, ...profile.slice(0, 1)] }],
  [
    'an extension that the profile does not know',
    {
      extensions: (profile) => [...profile, new x509.Extension('1.2.3.4', false, new Uint8Array([5, 0]))],
    },
  ],
  ['RFC 5280 §4.1.2.2: serial longer than 20 octets', { serial: '7f'.repeat(21) }],
  ['RFC 5280 §4.1.2.4: another issuer', { issuer: 'CN=somebody else' }],
  ['notAfter before notBefore', { notAfter: NOW - 1000 }],
  ['a leaf that predates its issuer', { notBefore: NOW - 3_601_000 }],
  ['a leaf that outlives its issuer', { notAfter: NOW + 30 * 86_400_000 + 1000 }],
]
for (const [title, draft] of refused) {
  test(`lint refuses: ${title}`, async () => {
    const draftTbs = await tbs(draft)
    assert.throws(() => lintLeaf(draftTbs, want), LintError)
  })
}

const OTHER = Buffer.alloc(20, 7)
const others: readonly (readonly [string, Partial<LintExpectation>])[] = [
  ['another public key', { spki: createPublicKey(generateKey('ec-p256')).export({ type: 'spki', format: 'der' }) }],
  ['RFC 5280 §4.2.1.2: another subject key identifier', { subjectKeyId: OTHER }],
  ['RFC 5280 §4.2.1.1: another authority key identifier', { issuerKeyId: OTHER }],
  [
    'RFC 5280 §4.1.2.3: another algorithm than the signature',
    { signatureAlgorithm: Buffer.from('300506032b6570', 'hex') },
  ],
]
for (const [title, expected] of others) {
  test(`lint refuses: ${title}`, async () => {
    const draftTbs = await tbs({})
    assert.throws(() => lintLeaf(draftTbs, { ...want, ...expected }), LintError)
  })
}

test('lint passes the profile', async () => lintLeaf(await tbs({}), want))

test('X-4: an identity without a path is refused', async () => {
  const bare = 'spiffe://cluster.local'
  const draft = await tbs({ extensions: names({ type: 'url', value: bare }) })
  assert.throws(() => lintLeaf(draft, { ...want, identity: bare }), LintError)
})

test('bytes behind the draft, and every truncation of it, are refused', async () => {
  const draft = await tbs({})
  assert.throws(() => lintLeaf(Buffer.concat([draft, Buffer.alloc(1)]), want), LintError)
  for (let length = 0; length < draft.length; length++) {
    assert.throws(() => lintLeaf(draft.subarray(0, length), want), LintError, `cut at ${length}`)
  }
})

test('RFC 5280 §4.1.2.2: a serial of zero or below zero is refused', async () => {
  const draft = await tbs({ serial: '7f'.repeat(16) })
  const at = draft.indexOf(Buffer.alloc(16, 0x7f))
  const negative = Buffer.from(draft)
  negative[at] = 0x80
  assert.throws(() => lintLeaf(negative, want), LintError)
  const fields = { serial: Buffer.alloc(16), notBefore: NOW / 1000, notAfter: NOW / 1000 + 60, spki: SPKI }
  const template = authorities.issuing.template('ec-p256')
  const zero = fillLeafTemplate(template, { ...fields, subjectKeyId: Buffer.from(SKI, 'hex'), names: { uri: URI } })
  assert.throws(() => lintLeaf(zero, want), LintError)
})
