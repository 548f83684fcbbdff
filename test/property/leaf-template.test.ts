import assert from 'node:assert/strict'
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { lintLeaf } from '../../src/ca/issue/lint.ts'
import { generateKey } from '../../src/pki/file-keys.ts'
import { KEY_TYPES, type KeyType } from '../../src/pki/key-types.ts'
import { assembleCertificate, fillLeafTemplate } from '../../src/pki/leaf-template.ts'
import { leafExtensions } from '../../src/pki/profile.ts'
import { x509 } from '../../src/pki/x509.ts'
import { type TestAuthorities, testAuthorities } from '../support/authority.ts'
import fc from '../support/fast-check.ts'

const NOW = Date.UTC(2026, 10, 21)
const LIBRARY_ALGORITHM: Record<'ec-p256' | 'ec-p384' | 'rsa-2048', { name: string; hash: string }> = {
  'ec-p256': { name: 'ECDSA', hash: 'SHA-256' },
  'ec-p384': { name: 'ECDSA', hash: 'SHA-384' },
  'rsa-2048': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}
const segment = fc.stringMatching(/^[a-zA-Z0-9_-]{1,60}$/)
const identity = fc
  .array(segment, { minLength: 1, maxLength: 20 })
  .map((parts) => `spiffe://cluster.local/${parts.join('/')}`)
const serial = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => bytes.some((byte) => byte !== 0))
const dns = fc.array(fc.stringMatching(/^[a-z0-9]{1,12}(\.[a-z]{2,5}){0,2}$/), { maxLength: 4 })

/** The TBSCertificate inside a certificate: its first element. */
function tbsOf(certificate: Buffer): Buffer {
  const body = certificate.subarray(certificate[1] === 0x82 ? 4 : 3)
  const length = body[1] === 0x82 ? body.readUInt16BE(2) + 4 : body.readUInt8(2) + 3
  return body.subarray(0, length)
}

for (const issuerType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
  describe(`leaf template below an authority with ${issuerType}`, () => {
    let authorities: TestAuthorities
    const keys = new Map<KeyType, KeyObject>()
    before(async () => {
      authorities = await testAuthorities(issuerType, NOW)
      for (const keyType of KEY_TYPES) keys.set(keyType, createPublicKey(generateKey(keyType)))
    })

    test('writes the bytes that @peculiar/x509 would have built, and they pass the lints', async () => {
      const { issuing, intermediate } = authorities
      const property = fc.asyncProperty(
        fc.constantFrom(...KEY_TYPES),
        serial,
        identity,
        fc.integer({ min: 0, max: 29 * 86400 }),
        fc.option(dns, { nil: undefined }),
        async (keyType, serialBytes, uri, offset, dnsNames) => {
          const spki = keys.get(keyType)?.export({ type: 'spki', format: 'der' }) ?? assert.fail()
          const subjectKeyId = hash('sha256', spki, 'buffer').subarray(0, 20)
          const notBefore = NOW / 1000 + offset
          const names = dnsNames === undefined ? { uri } : { uri, dns: dnsNames, ips: ['127.0.0.1', '::1'] }
          const fields = { serial: serialBytes, notBefore, notAfter: notBefore + 60, spki, subjectKeyId, names }
          const tbs = fillLeafTemplate(issuing.template(keyType), fields)
          const built = await x509.X509CertificateGenerator.create({
            serialNumber: serialBytes.toString('hex'),
            issuer: new x509.X509Certificate(intermediate.authority.certificate).subjectName,
            notBefore: new Date(notBefore * 1000),
            notAfter: new Date((notBefore + 60) * 1000),
            publicKey: spki,
            signingAlgorithm: LIBRARY_ALGORITHM[issuerType],
            signature: new Uint8Array(64),
            extensions: leafExtensions({
              keyType,
              subjectKeyId: subjectKeyId.toString('hex'),
              authorityKeyId: intermediate.authority.id,
              names,
            }),
          })
          assert.equal(tbs.toString('hex'), tbsOf(Buffer.from(built.rawData)).toString('hex'))
          lintLeaf(tbs, {
            identity: uri,
            issuerNotBefore: intermediate.authority.notBefore,
            issuerNotAfter: intermediate.authority.notAfter,
            issuerName: issuing.name,
            issuerKeyId: issuing.keyId,
            signatureAlgorithm: issuing.signer.algorithm,
            spki,
            subjectKeyId,
            rsaKey: keyType.startsWith('rsa'),
            otherNames: dnsNames === undefined ? 'none' : 'dns-and-ip',
          })
        },
      )
      await fc.assert(property, { numRuns: 300 })
    })

    test('times from 2050 are GeneralizedTime (RFC 5280 §4.1.2.5)', () => {
      const { issuing } = authorities
      const spki = keys.get('ec-p256')?.export({ type: 'spki', format: 'der' }) ?? assert.fail()
      const notBefore = Date.UTC(2049, 11, 31, 23, 59, 59) / 1000
      const tbs = fillLeafTemplate(issuing.template('ec-p256'), {
        serial: Buffer.alloc(16, 1),
        notBefore,
        notAfter: notBefore + 1,
        spki,
        subjectKeyId: Buffer.alloc(20),
        names: { uri: 'spiffe://cluster.local/a' },
      })
      const certificate = new x509.X509Certificate(assembleCertificate(tbs, issuing.signer.algorithm, Buffer.alloc(64)))
      assert.equal(certificate.notBefore.getTime(), notBefore * 1000)
      assert.equal(certificate.notAfter.getTime(), (notBefore + 1) * 1000)
      assert.ok(tbs.includes(Buffer.from('491231235959Z')))
      assert.ok(tbs.includes(Buffer.from('20500101000000Z')))
    })
  })
}
