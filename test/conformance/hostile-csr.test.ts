import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { checkCsrNames } from '../../src/ca/issue/csr-names.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { AppError, type ErrorCode } from '../../src/kernel/errors.ts'
import { type CsrOptions, parseCsr } from '../../src/pki/csr.ts'
import { DER_NULL, oid, sequence, TAG, tlv } from '../../src/pki/der-writer.ts'
import { toPem } from '../../src/pki/pem.ts'
import {
  bitString,
  buildCsr,
  type CsrSpec,
  commonName,
  ECDSA_SHA256,
  EVERY_KEY_TYPE,
  ecSpki,
  extension,
  extensionRequest,
  generalName,
  nameOf,
  P256_KEY,
  rsaSpki,
  subjectAltName,
  unsigned,
} from '../support/csr-builder.ts'
import {
  bigPrime,
  closePrimes,
  explicitP256,
  flipLastBit,
  modulusOf,
  multipleOf751,
  nested,
  nonCanonicalPem,
  toIndefiniteLength,
  toLongLength,
  withFieldsSwapped,
  withoutAttributes,
  zeroPadded,
} from '../support/hostile-csr-parts.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const CALLER = parseSpiffeId(WEB, 'csr.malformed')
const TRUST_DOMAINS = ['cluster.local', 'td.old']
const LIMITS: CsrOptions = { maxBytes: 16_384, asn1Depth: 16, allowed: EVERY_KEY_TYPE }
const UNLIMITED: CsrOptions = { maxBytes: null, asn1Depth: null, allowed: EVERY_KEY_TYPE }

/** What the CSR checks say: `ok`, or the code of the refusal. */
function verdictOf(pem: string, options: CsrOptions = LIMITS): ErrorCode | 'ok' {
  try {
    checkCsrNames(parseCsr(pem, options).names, CALLER, TRUST_DOMAINS, 'match')
    return 'ok'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

interface Case {
  readonly number: number
  readonly title: string
  readonly want: ErrorCode | 'ok'
  readonly csr: string
  readonly options?: CsrOptions
}

const MALFORMED = 'csr.malformed'
const KEY = 'csr.key_not_allowed'
const SIGNATURE = 'csr.signature_invalid'
const EXTENSION = 'csr.extension_not_allowed'
const NAMES = 'csr.names_mismatch'

/** A case; its end is what is wanted, the CSR or what it is built of, and the options where they are not the defaults. */
function row(number: number, title: string, [want, csr, options]: [Case['want'], string | CsrSpec, CsrOptions?]): Case {
  const pem = typeof csr === 'string' ? csr : buildCsr(csr)
  return { number, title, want, csr: pem, ...(options === undefined ? {} : { options }) }
}

const good = buildCsr({ uris: [WEB] })
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pemOf = (der: Buffer): string => toPem('CERTIFICATE REQUEST', der)

const bytesOnTheWire: Case[] = [
  row(1, 'a flipped bit in the signature', [SIGNATURE, { mutate: flipLastBit }]),
  row(2, 'signed by another key than the one in it', [
    SIGNATURE,
    { signature: (info) => sign('sha256', info, otherKey) },
  ]),
  row(3, 'bytes behind the DER', [MALFORMED, { mutate: (der) => Buffer.concat([der, Buffer.from([0])]) }]),
  row(3, 'bytes behind the DER that are an element', [MALFORMED, { mutate: (der) => Buffer.concat([der, DER_NULL]) }]),
  row(4, 'two CSRs in one PEM', [MALFORMED, good + good]),
  row(5, 'text before the block', [MALFORMED, `Certificate Request:\n${good}`]),
  row(5, 'text behind the block', [MALFORMED, `${good}x`]),
  row(5, 'white space around the block', ['ok', `\r\n ${good}\n\n`]),
  row(5, 'CRLF line ends', ['ok', good.replaceAll('\n', '\r\n')]),
  row(6, 'labelled PUBLIC KEY', [MALFORMED, { label: 'PUBLIC KEY' }]),
  row(6, 'labelled CERTIFICATE', [MALFORMED, { label: 'CERTIFICATE' }]),
  row(6, 'labelled NEW CERTIFICATE REQUEST', ['ok', { label: 'NEW CERTIFICATE REQUEST' }]),
  row(6, 'labels of begin and end differ', [MALFORMED, good.replace('END CERT', 'END NEW CERT')]),
  row(7, 'empty', [MALFORMED, '']),
  row(7, 'white space alone', [MALFORMED, ' \n\t ']),
  row(7, 'NUL alone', [MALFORMED, '\0\0\0']),
  row(7, 'a block without contents', [MALFORMED, pemOf(Buffer.alloc(0))]),
  row(7, 'NULs in a block', [MALFORMED, pemOf(Buffer.alloc(64))]),
  row(8, 'indefinite length', [MALFORMED, { mutate: toIndefiniteLength }]),
  row(8, 'length octets that are not minimal', [MALFORMED, { mutate: toLongLength }]),
  row(8, 'base64 with bits left over', [MALFORMED, nonCanonicalPem()]),
  row(9, 'a length of 0xFFFFFFFF with 10 bytes behind', [
    MALFORMED,
    pemOf(Buffer.from('3084ffffffff00000000000000000000', 'hex')),
  ]),
  row(9, 'a length of 2^63', [MALFORMED, pemOf(Buffer.from('3088800000000000000000000000', 'hex'))]),
  row(10, '100,000 nested SEQUENCEs', ['csr.too_large', pemOf(nested(100_000))]),
  row(10, '100,000 nested SEQUENCEs without a size limit', [
    MALFORMED,
    pemOf(nested(100_000)),
    { ...LIMITS, maxBytes: null },
  ]),
  row(10, '100,000 nested SEQUENCEs without any limit', [MALFORMED, pemOf(nested(100_000)), UNLIMITED]),
  row(10, 'nested in an attribute', [MALFORMED, { attributes: [sequence(oid('1.2.3'), tlv(TAG.set, nested(14)))] }]),
  row(10, 'nested in a name', [MALFORMED, { generalNames: [tlv(0xa0, nested(20))] }]),
]

const fields: Case[] = [
  row(11, 'an arc of 2^32 + 17 that would fold to subjectAltName', [
    MALFORMED,
    { extensions: [foldedSubjectAltName()] },
  ]),
  row(11, 'an arc with a leading zero octet', [MALFORMED, { extensions: [extensionWithId('551d8011')] }]),
  row(12, 'no attributes field', [MALFORMED, withoutAttributes()]),
  row(12, 'the public key before the subject', [MALFORMED, withFieldsSwapped()]),
  row(12, 'a field more in an extension', [
    MALFORMED,
    { extensions: [sequence(oid('2.5.29.17'), tlv(TAG.octetString, sequence()), DER_NULL)] },
  ]),
  row(13, 'version 1', [MALFORMED, { version: tlv(TAG.integer, Buffer.from([1])) }]),
  row(13, 'version -1', [MALFORMED, { version: tlv(TAG.integer, Buffer.from([0xff])) }]),
  row(14, 'two extensionRequest attributes', [MALFORMED, { attributes: [extensionRequest(), extensionRequest()] }]),
  row(14, 'subjectAltName twice', [MALFORMED, { uris: [WEB], extensions: [subjectAltName(generalName(0x86, WEB))] }]),
  row(14, 'an unknown extension twice', [
    MALFORMED,
    { extensions: [extension('1.2.3', DER_NULL), extension('1.2.3', DER_NULL)] },
  ]),
  row(14, 'two values in extensionRequest', [
    MALFORMED,
    { attributes: [sequence(oid('1.2.840.113549.1.9.14'), tlv(TAG.set, sequence(), sequence()))] },
  ]),
  row(15, 'basicConstraints CA:TRUE', [EXTENSION, { extensions: [basicConstraints(0xff)] }]),
  row(15, 'basicConstraints CA:TRUE in BER', [MALFORMED, { extensions: [basicConstraints(0x01)] }]),
  row(15, 'basicConstraints without CA', ['ok', { extensions: [extension('2.5.29.19', sequence(), true)] }]),
  row(15, 'basicConstraints CA:FALSE', ['ok', { extensions: [basicConstraints(0)] }]),
  row(15, 'keyUsage keyCertSign', [EXTENSION, { extensions: [keyUsage(2, 0x04)] }]),
  row(15, 'keyUsage cRLSign', [EXTENSION, { extensions: [keyUsage(1, 0x02)] }]),
  row(15, 'keyUsage digitalSignature, keyEncipherment', ['ok', { extensions: [keyUsage(5, 0xa0)] }]),
  row(16, 'an unknown critical extension', [EXTENSION, { extensions: [extension('1.2.3.4', DER_NULL, true)] }]),
  row(16, 'critical name constraints', [EXTENSION, { extensions: [extension('2.5.29.30', sequence(), true)] }]),
  row(16, 'an unknown extension that is not critical', ['ok', { extensions: [extension('1.2.3.4', DER_NULL)] }]),
]

const names: Case[] = [
  row(17, 'the URI of another identity', [NAMES, { uris: [`${WEB}-2`] }]),
  row(17, 'the same path in another trust domain', [NAMES, { uris: ['spiffe://other.example/ns/default/sa/web'] }]),
  row(17, 'the own URI', ['ok', { uris: [WEB] }]),
  row(17, 'the own URI in an alias of the trust domain', ['ok', { uris: ['spiffe://td.old/ns/default/sa/web'] }]),
  row(18, 'one more URI', [NAMES, { uris: [WEB, `${WEB}-2`] }]),
  row(18, 'the right URI twice', [NAMES, { uris: [WEB, WEB] }]),
  row(19, 'a DNS name', [NAMES, { uris: [WEB], dns: ['web.example'] }]),
  row(19, 'an address', [NAMES, { uris: [WEB], ips: [Buffer.from([10, 0, 0, 1])] }]),
  row(19, 'an email', [NAMES, { uris: [WEB], emails: ['root@web.example'] }]),
  row(19, 'an other name', [NAMES, { uris: [WEB], generalNames: [tlv(0xa0, oid('1.2.3'), tlv(0xa0, DER_NULL))] }]),
  row(19, 'a directory name', [NAMES, { uris: [WEB], generalNames: [tlv(0xa4, sequence())] }]),
  row(19, 'an address of 5 bytes', [MALFORMED, { uris: [WEB], ips: [Buffer.alloc(5)] }]),
  row(20, 'no name and no subject', ['ok', {}]),
  row(20, 'the empty organization of a sidecar', ['ok', { uris: [WEB], subject: nameOf('2.5.4.10', '') }]),
  row(21, 'O=system:masters is never copied', ['ok', { subject: nameOf('2.5.4.10', 'system:masters') }]),
  row(21, 'CN=system:masters', [NAMES, { subject: commonName('system:masters') }]),
  row(22, 'the identity as common name', ['ok', { subject: commonName(WEB) }]),
  row(22, 'a common name with NUL', [MALFORMED, { subject: commonName(`${WEB}\0admin`) }]),
  row(22, 'a common name with a newline', [MALFORMED, { subject: commonName('web\nadmin') }]),
  row(22, 'a common name of 65 bytes', [MALFORMED, { subject: commonName('a'.repeat(65)) }]),
  row(22, 'a common name of 64 bytes', [NAMES, { subject: commonName('a'.repeat(64)) }]),
  row(22, 'a common name with RTL override', [MALFORMED, { subject: commonName('web\u202enimda') }]),
  row(22, 'a common name that is not UTF-8', [MALFORMED, { subject: commonName(Buffer.from([0x61, 0xff])) }]),
  row(22, 'a common name with an overlong NUL', [MALFORMED, { subject: commonName(Buffer.from([0xc0, 0x80])) }]),
  row(22, 'a common name in UTF-16', [MALFORMED, { subject: commonName(Buffer.from('\0w\0e\0b'), 0x1e) }]),
  row(22, 'a PrintableString beyond ASCII', [MALFORMED, { subject: commonName('wéb', TAG.printableString) }]),
  ...['/ns/../sa/web', '/ns/./web', '/ns//web', '/ns/web/', '/', '/ns/%2e%2e/web', '/web?x=1', '/web#x'].map((path) =>
    row(23, `a SPIFFE path ${path}`, [MALFORMED, { uris: [`spiffe://cluster.local${path}`] }]),
  ),
  row(23, 'a port', [MALFORMED, { uris: ['spiffe://cluster.local:443/ns/default/sa/web'] }]),
  row(23, 'userinfo', [MALFORMED, { uris: ['spiffe://root@cluster.local/ns/default/sa/web'] }]),
  row(24, 'an upper-case trust domain', [MALFORMED, { uris: ['spiffe://CLUSTER.local/ns/default/sa/web'] }]),
  row(24, 'an upper-case scheme', [MALFORMED, { uris: ['SPIFFE://cluster.local/ns/default/sa/web'] }]),
  row(24, 'a trust domain of 256 bytes', [MALFORMED, { uris: [`spiffe://${'a'.repeat(256)}/ns/default/sa/web`] }]),
  row(24, 'a trust domain in Unicode', [MALFORMED, { uris: ['spiffe://clüster.local/ns/default/sa/web'] }]),
  row(24, 'a trust domain in punycode', [NAMES, { uris: ['spiffe://xn--clster-3ya.local/ns/default/sa/web'] }]),
  row(24, 'no trust domain', [MALFORMED, { uris: ['spiffe:///ns/default/sa/web'] }]),
  row(25, 'a SPIFFE ID of 2049 bytes', [MALFORMED, { uris: [`spiffe://cluster.local/${'a'.repeat(2049 - 23)}`] }]),
  row(25, 'another SPIFFE ID of 2048 bytes', [NAMES, { uris: [`spiffe://cluster.local/${'a'.repeat(2048 - 23)}`] }]),
  row(26, 'two names injected in one string', [MALFORMED, { uris: [`${WEB}, URI:spiffe://cluster.local/admin`] }]),
  row(27, 'UTF-8 in an IA5String', [MALFORMED, { uris: [WEB], dns: ['wéb.example'] }]),
  row(27, 'a NUL in an IA5String', [MALFORMED, { uris: [`${WEB}\0`] }]),
  row(27, 'DEL in an IA5String', [MALFORMED, { emails: ['a\x7f@web.example'] }]),
]

const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const p256 = oid('1.2.840.10045.3.1.7')
const p256Point = createPublicKey(P256_KEY).export({ type: 'spki', format: 'der' }).subarray(-65)
const withRsa = (modulus: bigint, exponent = 65537n): CsrSpec => ({ key: rsa2048, spki: rsaSpki(modulus, exponent) })
const withPoint = (point: Buffer): CsrSpec => ({ spki: ecSpki(p256, point) })
const spkiOf = (id: string, bits: number): Buffer => sequence(sequence(oid(id)), bitString(Buffer.alloc(bits, 9)))
const withCurve = (namedCurve: string): CsrSpec => ({ key: generateKeyPairSync('ec', { namedCurve }).privateKey })

const keys: Case[] = [
  row(28, 'RSA-1024', [KEY, { key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey }]),
  row(28, 'RSA-2047', [KEY, withRsa((1n << 2047n) - 19n)]),
  row(29, 'RSA-8192', [KEY, withRsa((1n << 8191n) + 1n)]),
  row(29, 'RSA-16384', [KEY, withRsa((1n << 16383n) + 1n)]),
  row(29, 'RSA-131072, no limit on the size', [KEY, withRsa((1n << 131071n) + 1n), UNLIMITED]),
  ...[1n, 3n, 65536n, (1n << 2000n) + 1n].map((exponent) =>
    row(30, `an RSA exponent of ${exponent.toString(2).length} bits`, [KEY, withRsa(modulusOf(rsa2048), exponent)]),
  ),
  row(31, 'an even RSA modulus', [KEY, withRsa(modulusOf(rsa2048) - 1n)]),
  row(31, 'an RSA modulus with a small factor', [KEY, withRsa(multipleOf751())]),
  row(31, 'close RSA primes', [KEY, withRsa(closePrimes())]),
  row(31, 'an RSA modulus that is a square', [KEY, withRsa(bigPrime() ** 2n)]),
  row(31, 'a good RSA-2048 key', ['ok', { key: rsa2048 }]),
  row(32, 'explicit EC parameters', [KEY, { spki: ecSpki(explicitP256(), p256Point) }]),
  row(32, 'implicit EC parameters', [KEY, { spki: ecSpki(DER_NULL, p256Point) }]),
  row(33, 'an EC point beside the curve', [KEY, withPoint(flipLastBit(p256Point))]),
  row(33, 'the EC point at infinity', [KEY, withPoint(Buffer.from([0]))]),
  row(33, 'a compressed EC point', [KEY, withPoint(Buffer.concat([Buffer.from([2]), p256Point.subarray(1, 33)]))]),
  row(33, 'a compressed EC point without a root', [
    KEY,
    withPoint(Buffer.concat([Buffer.from([3]), Buffer.alloc(32, 0xff)])),
  ]),
  row(33, 'a hybrid EC point', [KEY, withPoint(Buffer.concat([Buffer.from([6]), p256Point.subarray(1)]))]),
  row(33, 'an EC point of zeros', [KEY, withPoint(Buffer.concat([Buffer.from([4]), Buffer.alloc(64)]))]),
  row(34, 'P-224', [KEY, withCurve('secp224r1')]),
  row(34, 'secp256k1', [KEY, withCurve('secp256k1')]),
  row(34, 'brainpoolP256r1', [KEY, withCurve('brainpoolP256r1')]),
  row(35, 'DSA', [KEY, { spki: spkiOf('1.2.840.10040.4.1', 128) }]),
  row(35, 'DH', [KEY, { spki: spkiOf('1.2.840.113549.1.3.1', 128) }]),
  row(35, 'X25519', [KEY, { spki: spkiOf('1.3.101.110', 32) }]),
  row(35, 'an unknown type of key', [KEY, { spki: spkiOf('1.3.6.1.4.1.99999.1', 32) }]),
  row(35, 'an RSA key that is no sequence', [
    MALFORMED,
    { spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), DER_NULL), bitString(DER_NULL)) },
  ]),
  row(36, 'P-521', [KEY, withCurve('secp521r1')]),
  row(36, 'Ed25519 when it is not allowed', [
    KEY,
    { key: generateKeyPairSync('ed25519').privateKey },
    { ...LIMITS, allowed: new Set(['ec-p256']) },
  ]),
  row(36, 'Ed25519 when it is allowed', ['ok', { key: generateKeyPairSync('ed25519').privateKey }]),
  row(36, 'Ed448', [KEY, { key: generateKeyPairSync('ed448').privateKey, hash: null }]),
  row(37, 'an RSA-PSS key', [KEY, { key: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey }]),
  row(37, 'an RSASSA-PSS signature', [
    SIGNATURE,
    { key: rsa2048, signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence()) },
  ]),
]

const signatures: Case[] = [
  row(38, 'RSA with SHA-1', [
    SIGNATURE,
    { key: rsa2048, hash: 'sha1', signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.5'), DER_NULL) },
  ]),
  row(38, 'RSA with MD5', [
    SIGNATURE,
    { key: rsa2048, hash: 'md5', signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.4'), DER_NULL) },
  ]),
  row(38, 'ECDSA with SHA-1', [SIGNATURE, { hash: 'sha1', signatureAlgorithm: sequence(oid('1.2.840.10045.4.1')) }]),
  row(38, 'the algorithm of another type of key', [SIGNATURE, { key: rsa2048, signatureAlgorithm: ECDSA_SHA256 }]),
  row(38, 'another hash than the algorithm says', [SIGNATURE, { hash: 'sha384' }]),
  row(38, 'ECDSA with SHA-512', ['ok', { hash: 'sha512', signatureAlgorithm: sequence(oid('1.2.840.10045.4.3.4')) }]),
  row(39, 'r = 0', [SIGNATURE, ecdsa(unsigned(0n), unsigned(7n))]),
  row(39, 's = 0', [SIGNATURE, ecdsa(unsigned(7n), unsigned(0n))]),
  row(39, 'r = s = 0', [SIGNATURE, ecdsa(unsigned(0n), unsigned(0n))]),
  row(39, 'r of 2^256 - 1, above n', [SIGNATURE, ecdsa(unsigned((1n << 256n) - 1n), unsigned(7n))]),
  row(39, 'a negative s', [SIGNATURE, ecdsa(unsigned(7n), tlv(TAG.integer, Buffer.from([0x80])))]),
  row(39, 'a good signature with r zero-padded', [SIGNATURE, { signature: zeroPadded }]),
  row(39, 'a good signature with a byte behind', [
    SIGNATURE,
    { signature: (info) => Buffer.concat([sign('sha256', info, P256_KEY), Buffer.from([0])]) },
  ]),
  row(39, 'a good signature with an element more', [
    SIGNATURE,
    { signature: (info) => sequence(sign('sha256', info, P256_KEY).subarray(2), DER_NULL) },
  ]),
  row(39, 'a good signature in raw form', [
    SIGNATURE,
    { signature: (info) => sign('sha256', info, { key: P256_KEY, dsaEncoding: 'ieee-p1363' }) },
  ]),
  row(41, '20,000 names', ['csr.too_large', { uris: Array.from({ length: 20_000 }, (_, i) => `${WEB}-${i}`) }]),
  row(41, '20,000 names without a size limit', [
    NAMES,
    { uris: Array.from({ length: 20_000 }, (_, i) => `${WEB}-${i}`) },
    UNLIMITED,
  ]),
  row(41, '20,000 extensions without a size limit', [
    'ok',
    { extensions: Array.from({ length: 20_000 }, (_, i) => extension(`1.2.${i}`, DER_NULL)) },
    UNLIMITED,
  ]),
]

const all = [...bytesOnTheWire, ...fields, ...names, ...keys, ...signatures]

describe('hostile CSRs', () => {
  for (const { number, title, want, csr, options } of all) {
    test(`hostile ${number}: ${title}`, () => assert.equal(verdictOf(csr, options), want))
  }

  test('every number from 1 to 41 but 40, whose keys the issuing use case knows, has a row', () => {
    const wanted = Array.from({ length: 41 }, (_, i) => i + 1).filter((number) => number !== 40)
    const seen = new Set(all.map(({ number }) => number))
    assert.deepEqual(
      wanted.filter((number) => !seen.has(number)),
      [],
    )
  })

  test('hostile 36: the refusal lists what is allowed', () => {
    const csr = buildCsr(withCurve('secp521r1'))
    assert.throws(() => parseCsr(csr, { ...LIMITS, allowed: new Set(['ec-p256', 'rsa-2048']) }), {
      code: KEY,
      wanted: 'ec-p256, rsa-2048',
      seen: '1.2.840.10045.2.1 1.3.132.0.35',
    })
  })
})

function extensionWithId(contents: string): Buffer {
  return sequence(tlv(TAG.oid, Buffer.from(contents, 'hex')), tlv(TAG.octetString, sequence()))
}

/** 2.5.29.(2^32 + 17): reading the last arc in 32 bits gives 2.5.29.17. */
function foldedSubjectAltName(): Buffer {
  return extensionWithId('551d9080808011')
}

function basicConstraints(ca: number): Buffer {
  return extension('2.5.29.19', sequence(tlv(TAG.boolean, Buffer.from([ca]))), true)
}

function keyUsage(unusedBits: number, bits: number): Buffer {
  return extension('2.5.29.15', tlv(TAG.bitString, Buffer.from([unusedBits, bits])), true)
}

function ecdsa(r: Buffer, s: Buffer): CsrSpec {
  return { signature: () => sequence(r, s) }
}
