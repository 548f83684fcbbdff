import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '../../../src/kernel/errors.ts'
import { parseCertificate } from '../../../src/pki/parsed-certificate.ts'
import { x509 } from '../../../src/pki/x509.ts'
import fc from '../../support/fast-check.ts'
import { ForgingAuthority } from '../../support/forged-certificate.ts'

const NOW = 1_795_230_000
const authority = await ForgingAuthority.create(NOW)
const code = 'auth.certificate_untrusted'
const serverAndClient = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']

test("certificate: every field is what Node's reader says", async () => {
  const uris = ['spiffe://cluster.local/ns/a/sa/b', 'spiffe://cluster.local/c']
  const der = await authority.issue({ uris, dns: ['web.example'] })
  const parsed = parseCertificate(der, code)
  const known = new X509Certificate(der)
  assert.deepEqual(parsed.uris, uris)
  assert.equal(parsed.serial, known.serialNumber.toLowerCase())
  assert.equal(parsed.notBefore * 1000, Date.parse(known.validFrom))
  assert.equal(parsed.notAfter * 1000, Date.parse(known.validTo))
  assert.equal(parsed.isCa, known.ca)
  assert.deepEqual(parsed.extendedKeyUsage, serverAndClient)
  assert.equal(parsed.keyUsage, 0x80)
  assert.deepEqual(parsed.spki, known.publicKey.export({ format: 'der', type: 'spki' }))
  assert.match(parsed.authorityKeyId ?? '', /^[0-9a-f]{40}$/)
})

test('certificate: times from 2050 are read as well as those before (RFC 5280 §4.1.2.5)', async () => {
  for (const notAfter of [2_524_607_999, 2_524_608_000, 253_402_300_799]) {
    assert.equal(parseCertificate(await authority.issue({ notAfter }), code).notAfter, notAfter)
  }
})

test('certificate: an extension that stands twice, or is critical and unknown, is refused', async () => {
  const twice = await authority.issue({ extra: [new x509.BasicConstraintsExtension(true, undefined, true)] })
  assert.throws(() => parseCertificate(twice, code), { code })
  const unknown = (critical: boolean) => new x509.Extension('1.2.3.4', critical, Buffer.from([5, 0]))
  const critical = await authority.issue({ extra: [unknown(true)] })
  assert.throws(() => parseCertificate(critical, code), { code })
  parseCertificate(await authority.issue({ extra: [unknown(false)] }), code)
})

test('certificate: changed bytes are read or refused, nothing else happens', async () => {
  const der = await authority.issue({ dns: ['web.example'] })
  const changes = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(changes, fc.integer({ min: 0, max: der.length }), (bytes, length) => {
      const changed = Buffer.from(der)
      for (const [at, value] of bytes) changed[at] = value
      for (const candidate of [changed, der.subarray(0, length)]) {
        try {
          parseCertificate(candidate, code)
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === code, String(error))
        }
      }
    }),
    { numRuns: 5_000 },
  )
})
