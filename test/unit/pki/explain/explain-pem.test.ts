import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { problemOfSpiffeId } from '../../../../src/identity/spiffe-id.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { oid, sequence, TAG, tlv } from '../../../../src/pki/der-writer.ts'
import { explainPem } from '../../../../src/pki/explain/explain-pem.ts'
import { toPem } from '../../../../src/pki/pem.ts'
import { bitString, buildCsr, buildCsrDer, extension, P256_KEY } from '../../../support/csr-builder.ts'
import {
  basicConstraints,
  buildOddCertificate,
  extendedKeyUsage,
  ISSUER_KEY,
  keyUsage,
  ODD_NOW,
  type OddCertificate,
} from '../../../support/odd-certificate.ts'

const options = { now: ODD_NOW, problemOfSpiffeId }
const explain = (input: Buffer | string) => explainPem(Buffer.from(input), options)
const pem = (spec: OddCertificate = {}) => toPem('CERTIFICATE', buildOddCertificate(spec))
const codesOf = (input: Buffer | string, index = 0) => explain(input).items[index]?.findings.map(({ code }) => code)

const ecKey = (namedCurve: string) =>
  createPublicKey(generateKeyPairSync('ec', { namedCurve }).privateKey).export({ type: 'spki', format: 'der' })
const rsaKey = (bits: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({ type: 'spki', format: 'der' })
/** A SubjectPublicKeyInfo with a modulus of `bytes` bytes that no key generator has to find. */
const hugeRsaKey = (bytes: number) => {
  const modulus = Buffer.alloc(bytes + 1, 0xa5)
  modulus[0] = 0
  const key = sequence(tlv(TAG.integer, modulus), tlv(TAG.integer, Buffer.from([1, 0, 1])))
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), tlv(TAG.null)), bitString(key))
}
const explicitCurve = sequence(
  sequence(oid('1.2.840.10045.2.1'), sequence(tlv(TAG.integer, Buffer.from([1])))),
  bitString(Buffer.alloc(65)),
)
const SHA1 = { signatureAlgorithm: sequence(oid('1.2.840.10045.4.1')), hash: 'sha1' }
const DAY = 86_400

const cases: readonly (readonly [title: string, certificate: OddCertificate, want: readonly string[]])[] = [
  ['a good leaf', {}, []],
  ['a good authority', { ca: true, name: 'A' }, []],
  ['an expired one', { notBefore: ODD_NOW - 7200, notAfter: ODD_NOW - 1 }, ['validity.expired']],
  ['one of tomorrow', { notBefore: ODD_NOW + 1 }, ['validity.not_yet']],
  [
    'one with a tenth of its life left',
    { notBefore: ODD_NOW - 3600, notAfter: ODD_NOW + 300 },
    ['validity.expires_soon'],
  ],
  ['one of two years', { notAfter: ODD_NOW + 730 * DAY }, ['validity.long']],
  ['an authority of two years', { ca: true, name: 'A', notAfter: ODD_NOW + 730 * DAY }, []],
  [
    'hostile 44: notAfter before notBefore',
    { notBefore: ODD_NOW + 60, notAfter: ODD_NOW + 30 },
    ['validity.reversed', 'validity.not_yet'],
  ],
  ['serial 0', { serial: Buffer.from([0]) }, ['serial.zero']],
  ['a negative serial', { serial: Buffer.from('ff00000000000000', 'hex') }, ['serial.negative']],
  ['a short serial', { serial: Buffer.from([1]) }, ['serial.short']],
  ['a serial of 21 octets', { serial: Buffer.alloc(21, 1) }, ['serial.long']],
  ['X-1: no URI', { uris: [], name: 'A' }, ['names.no_uri']],
  ['X-2: two URIs', { uris: ['spiffe://a/b', 'spiffe://a/c'] }, ['names.several_uris']],
  ['X-1: a URI that is no SPIFFE ID', { uris: ['https://a/b'] }, ['names.not_spiffe']],
  ['hostile 23: a SPIFFE ID with ..', { uris: ['spiffe://a/../b'] }, ['names.not_spiffe']],
  ['X-4: a leaf without a path', { uris: ['spiffe://cluster.local'] }, ['names.no_path']],
  ['X-5: names not critical', { namesCritical: false }, ['names.not_critical']],
  ['X-5: names not critical beside a subject', { namesCritical: false, name: 'A' }, []],
  ['X-9: an authority with a path', { ca: true, name: 'A', uris: ['spiffe://a/b'] }, ['names.authority_path']],
  ['X-14: no key usage', { keyUsage: null }, ['usage.missing']],
  ['X-14: key usage not critical', { keyUsage: keyUsage(0x80, false) }, ['usage.not_critical']],
  ['X-15: an authority that may not sign', { ca: true, name: 'A', keyUsage: keyUsage(0x02) }, ['usage.no_cert_sign']],
  [
    'X-16: an authority with digitalSignature',
    { ca: true, name: 'A', keyUsage: keyUsage(0x86) },
    ['usage.beyond_signing'],
  ],
  ['X-17: a leaf without digitalSignature', { keyUsage: keyUsage(0x20) }, ['usage.no_digital_signature']],
  ['X-18: a leaf with keyCertSign', { keyUsage: keyUsage(0x84) }, ['usage.signs']],
  ['X-19: no extended key usage', { extendedKeyUsage: null }, ['purpose.missing']],
  ['X-20: serverAuth alone', { extendedKeyUsage: extendedKeyUsage('1.3.6.1.5.5.7.3.1') }, ['purpose.incomplete']],
  ['a path length on a leaf', { basicConstraints: basicConstraints(false, 0) }, ['path_length.on_leaf']],
  [
    'basic constraints not critical',
    { ca: true, name: 'A', basicConstraints: basicConstraints(true, 0, false) },
    ['ca.not_critical'],
  ],
  ['hostile 28: RSA-1024', { spki: rsaKey(1024) }, ['key.weak']],
  ['hostile 29: RSA-16384', { spki: hugeRsaKey(2048) }, ['key.weak']],
  ['hostile 30: e = 3', { spki: rsaKey(2048, 3) }, ['key.weak']],
  ['hostile 32: explicit curve parameters', { spki: explicitCurve }, ['key.weak']],
  ['hostile 34: P-192', { spki: ecKey('P-192') }, ['key.weak']],
  ['hostile 34: P-224', { spki: ecKey('P-224') }, ['key.weak']],
  ['hostile 38: SHA-1', SHA1, ['signature.weak']],
  ['version 1', { version1: true }, ['version.old', 'usage.missing', 'purpose.missing', 'names.no_uri']],
  ['hostile 14: an extension twice', { extra: [keyUsage(0x80)] }, ['extension.repeated']],
  [
    'hostile 16: an unknown critical extension',
    { extra: [extension('1.2.3', Buffer.alloc(0), true)] },
    ['extension.unknown_critical'],
  ],
  [
    'an unreadable extension',
    { keyUsage: extension('2.5.29.15', Buffer.from([0x03, 9]), true) },
    ['extension.malformed', 'usage.missing'],
  ],
]

for (const [title, spec, want] of cases) {
  test(`explain: ${title}`, () => {
    assert.deepEqual(codesOf(pem(spec)), want)
  })
}

test('explain: the fields of a leaf', () => {
  const { sha256, findings, ...item } = explain(pem()).items[0] ?? assert.fail('no item')
  assert.match(sha256, /^[0-9a-f]{64}$/)
  assert.deepEqual(findings, [])
  assert.deepEqual(item, {
    kind: 'certificate',
    subject: '',
    issuer: 'O=Odd root',
    serial: '7f00000000000000000000000000abcd',
    identity: 'spiffe://cluster.local/ns/default/sa/web',
    sans: ['URI:spiffe://cluster.local/ns/default/sa/web'],
    notBefore: '2026-11-21T02:58:00Z',
    notAfter: '2026-11-21T04:00:00Z',
    keyType: 'ec-p256',
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    isCa: false,
    pathLength: null,
    signatureAlgorithm: 'ECDSA with SHA-256',
    subjectKeyId: null,
    authorityKeyId: null,
    signedBy: null,
  })
})

const root: OddCertificate = { ca: true, name: 'Odd root', key: ISSUER_KEY }
const middleKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const middle: OddCertificate = {
  ca: true,
  name: 'Odd middle',
  key: middleKey,
  basicConstraints: basicConstraints(true, 0),
}
const leaf: OddCertificate = { issuer: { name: 'Odd middle', key: middleKey } }

test('explain: a chain in order, with and without its root', () => {
  const whole = explain(pem(leaf) + pem(middle) + pem(root))
  assert.deepEqual(whole.chain, { path: [0, 1, 2], order: 'leaf-first', root: 'included' })
  assert.deepEqual(
    whole.items.map(({ signedBy }) => signedBy),
    [1, 2, 2],
  )
  assert.deepEqual(
    whole.items.flatMap(({ findings }) => findings),
    [],
  )
  const sent = explain(pem(leaf) + pem(middle))
  assert.deepEqual(sent.chain, { path: [0, 1], order: 'leaf-first', root: 'missing' })
})

const stranger = { ...root, name: 'Stranger', key: middleKey, issuer: { name: 'Stranger', key: middleKey } }
const chains: readonly (readonly [
  title: string,
  specs: readonly OddCertificate[],
  index: number,
  want: readonly string[],
])[] = [
  ['out of order', [middle, leaf], 1, ['chain.order']],
  ['one that belongs elsewhere', [leaf, middle, stranger], 2, ['chain.unrelated']],
  ['a leaf that outlives its issuer', [{ ...leaf, notAfter: ODD_NOW + 3601 }, middle], 0, ['chain.outlives_issuer']],
  ['a leaf that predates its issuer', [{ ...leaf, notBefore: ODD_NOW - 121 }, middle], 0, ['chain.predates_issuer']],
  [
    'hostile 2: signed by another key of the same name',
    [{ issuer: { name: 'Odd middle', key: P256_KEY } }, middle],
    0,
    ['signature.invalid'],
  ],
  [
    'X-7: signed by a leaf',
    [leaf, { ...middle, ca: false, basicConstraints: null, uris: ['spiffe://a/b'] }],
    0,
    ['chain.signer_not_ca'],
  ],
  [
    'more authorities than the path length allows',
    [leaf, middle, { ...root, basicConstraints: basicConstraints(true, 0) }],
    2,
    ['chain.path_length'],
  ],
  ['a self-signed leaf', [{ name: 'Odd root', key: ISSUER_KEY }], 0, ['leaf.self_signed']],
]
for (const [title, specs, index, want] of chains) {
  test(`explain: a chain with ${title}`, () => {
    assert.deepEqual(codesOf(specs.map((spec) => pem(spec)).join(''), index), want)
  })
}

test('explain: a chain with one twice', () => {
  const first = pem(leaf)
  assert.deepEqual(codesOf(first + pem(middle) + first, 2), ['chain.repeated'])
})

test('explain: a bundle of roots has no order', () => {
  const { items } = explain(pem(root) + pem(stranger))
  assert.deepEqual(
    items.flatMap(({ findings }) => findings),
    [],
  )
})

test('explain: a CSR, and what the service would say to it', () => {
  assert.deepEqual(codesOf(buildCsr({ uris: ['spiffe://cluster.local/ns/default/sa/web'] })), [])
  assert.deepEqual(codesOf(buildCsr({ signature: () => Buffer.from('3006020101020101', 'hex') })), [
    'csr.signature_invalid',
  ])
  assert.deepEqual(codesOf(buildCsr({ extensions: [basicConstraints(true)] })), ['csr.extension_not_allowed'])
  const [csr] = explain(buildCsr({ label: 'NEW CERTIFICATE REQUEST' })).items
  assert.equal(csr?.kind, 'csr')
  assert.deepEqual([csr?.issuer, csr?.serial, csr?.notBefore, csr?.notAfter], [null, null, null, null])
})

test('explain: DER without PEM, a certificate or a CSR', () => {
  assert.equal(explain(buildOddCertificate()).items[0]?.kind, 'certificate')
  assert.equal(explain(buildCsrDer()).items[0]?.kind, 'csr')
})

test('explain: a private key is named and not shown, a bad block hides no good one', () => {
  const key = P256_KEY.export({ type: 'pkcs8', format: 'pem' }).toString()
  const { items, others } = explain(`text before\n${key}${toPem('CERTIFICATE', Buffer.from('garbage'))}${pem()}`)
  assert.equal(items.length, 1)
  assert.equal(others.length, 2)
  assert.ok(!JSON.stringify(others).includes(key.split('\n')[1] ?? ''))
})

const nothing: readonly (readonly [string, Buffer])[] = [
  ['an empty file', Buffer.alloc(0)],
  ['text', Buffer.from('hello')],
  ['hostile 8: an indefinite length', Buffer.from('308002010000', 'hex')],
  ['hostile 9: a length of 4 GiB', Buffer.from('3084ffffffff', 'hex')],
  ['hostile 10: 100,000 nested sequences', Buffer.from('3080'.repeat(100_000), 'hex')],
  ['a key alone', Buffer.from(P256_KEY.export({ type: 'pkcs8', format: 'pem' }))],
  ['hostile 42: 5 MiB', Buffer.alloc(5 * 1024 * 1024, 0x30)],
]
for (const [title, input] of nothing) {
  test(`explain: ${title} is request.malformed`, () => {
    assert.throws(
      () => explain(input),
      (error) => error instanceof AppError && error.code === 'request.malformed',
    )
  })
}

test('explain: hostile 22: a name with control characters is read, not obeyed', () => {
  const { items } = explain(pem({ name: 'a\u001b[31m\nadmin, CN=b' }))
  assert.equal(items[0]?.subject, 'O=a\u001b[31m\nadmin\\, CN\\=b')
})
