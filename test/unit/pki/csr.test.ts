import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { type CsrOptions, parseCsr } from '../../../src/pki/csr.ts'
import { DER_NULL, oid, sequence, TAG, tlv } from '../../../src/pki/der-writer.ts'
import {
  buildCsr,
  buildCsrDer,
  commonName,
  EVERY_KEY_TYPE,
  extension,
  extensionRequest,
  nameOf,
  P256_KEY,
  subjectAltName,
} from '../../support/csr-builder.ts'

const LIMITS: CsrOptions = { maxBytes: 16_384, asn1Depth: 16, allowed: EVERY_KEY_TYPE }
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()

describe('parseCsr', () => {
  test('a ztunnel CSR (ca 2.2): P-256, empty subject, one URI', () => {
    const spki = createPublicKey(P256_KEY).export({ type: 'spki', format: 'der' })
    const der = buildCsrDer({ uris: [WEB], mutate: (bytes) => bytes })
    const csr = parseCsr(
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`,
      LIMITS,
    )
    assert.equal(csr.keyType, 'ec-p256')
    assert.deepEqual(csr.der, der)
    assert.deepEqual(csr.csrSha256, sha256(der))
    assert.deepEqual(csr.spki, spki)
    assert.deepEqual(csr.spkiSha256, sha256(spki))
    assert.deepEqual(csr.names, {
      uris: [WEB],
      dns: [],
      ips: [],
      emails: [],
      others: 0,
      commonNames: [],
      subjectEmpty: true,
    })
  })

  test('a sidecar CSR (ca 2.2): RSA-2048, O="", one critical URI', () => {
    const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const csr = parseCsr(buildCsr({ key, uris: [WEB], subject: nameOf('2.5.4.10', '', TAG.printableString) }), LIMITS)
    assert.equal(csr.keyType, 'rsa-2048')
    assert.deepEqual(csr.names.uris, [WEB])
    assert.equal(csr.names.subjectEmpty, false)
  })

  for (const [title, hash, algorithm] of [
    ['RSA with SHA-256 and no NULL (RFC 4055 §5)', 'sha256', sequence(oid('1.2.840.113549.1.1.11'))],
    ['RSA with SHA-384', 'sha384', sequence(oid('1.2.840.113549.1.1.12'), DER_NULL)],
    ['RSA with SHA-512', 'sha512', sequence(oid('1.2.840.113549.1.1.13'), DER_NULL)],
  ] as const) {
    const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    test(title, () => assert.ok(parseCsr(buildCsr({ key, hash, signatureAlgorithm: algorithm }), LIMITS)))
  }

  test('collects names of every kind', () => {
    const { names } = parseCsr(
      buildCsr({
        subject: sequence(tlv(TAG.set, commonName('one').subarray(4)), tlv(TAG.set, commonName('zwei ü').subarray(4))),
        uris: [WEB, 'https://web.example'],
        dns: ['web.example'],
        emails: ['root@web.example'],
        ips: [Buffer.from([10, 0, 0, 1]), Buffer.alloc(16, 1)],
        generalNames: [tlv(0x88, Buffer.from([0x2a])), tlv(0xa4, sequence())],
      }),
      LIMITS,
    )
    assert.deepEqual(names, {
      uris: [WEB, 'https://web.example'],
      dns: ['web.example'],
      emails: ['root@web.example'],
      ips: ['0a000001', '01'.repeat(16)],
      others: 2,
      commonNames: ['one', 'zwei ü'],
      subjectEmpty: false,
    })
  })

  test('steps over attributes that it does not know, challengePassword among them', () => {
    const password = sequence(oid('1.2.840.113549.1.9.7'), tlv(TAG.set, tlv(TAG.utf8String, Buffer.from('secret'))))
    const wanted = extensionRequest(extension('2.5.29.17', sequence(tlv(0x86, Buffer.from(WEB)))))
    assert.deepEqual(parseCsr(buildCsr({ attributes: [password, wanted] }), LIMITS).names.uris, [WEB])
  })

  test('the limit of the size counts from the byte beyond', () => {
    const pem = buildCsr({ uris: [WEB] })
    assert.ok(parseCsr(pem, { ...LIMITS, maxBytes: pem.length }))
    assert.throws(() => parseCsr(pem, { ...LIMITS, maxBytes: pem.length - 1 }), { code: 'csr.too_large' })
  })

  test('the limit of the depth holds for the CSR as a whole', () => {
    const pem = buildCsr({ uris: [WEB] })
    assert.ok(parseCsr(pem, { ...LIMITS, asn1Depth: 8 }))
    assert.throws(() => parseCsr(pem, { ...LIMITS, asn1Depth: 6 }), { code: 'csr.malformed' })
  })
})

describe('parseCsr refuses as malformed', () => {
  const setOf = (...values: Buffer[]) => tlv(TAG.set, ...values)
  for (const [title, spec] of [
    ['an empty subjectAltName', { extensions: [subjectAltName()] }],
    ['a name of an unknown kind', { generalNames: [tlv(0x89, Buffer.from('x'))] }],
    ['a constructed URI', { generalNames: [tlv(0xa6, DER_NULL)] }],
    ['an empty relative distinguished name', { subject: sequence(setOf()) }],
    ['a subject attribute without a value', { subject: sequence(setOf(sequence(oid('2.5.4.3')))) }],
    ['a subject attribute with two values', { subject: sequence(setOf(sequence(oid('2.5.4.3'), DER_NULL, DER_NULL))) }],
    ['a subject attribute that is no text', { subject: sequence(setOf(sequence(oid('2.5.4.10'), DER_NULL))) }],
    ['a subject attribute in BMPString', { subject: nameOf('2.5.4.10', '\0a', 0x1e) }],
    ['a subject attribute that is not UTF-8', { subject: nameOf('2.5.4.10', Buffer.from([0xff])) }],
    [
      'bytes behind an extension value',
      { extensions: [extension('2.5.29.19', Buffer.concat([sequence(), DER_NULL]))] },
    ],
    ['an extension without a value', { extensions: [sequence(oid('1.2.3'))] }],
    ['keyUsage that is no bit string', { extensions: [extension('2.5.29.15', DER_NULL)] }],
    ['an attribute without values', { attributes: [sequence(oid('1.2.3'))] }],
    ['a version of two octets', { version: tlv(TAG.integer, Buffer.from([0, 0x80])) }],
  ] as const) {
    test(title, () => assert.throws(() => parseCsr(buildCsr(spec), LIMITS), { code: 'csr.malformed' }))
  }
})
