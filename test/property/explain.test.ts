import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemOfSpiffeId } from '../../src/identity/spiffe-id.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { explainPem } from '../../src/pki/explain/explain-pem.ts'
import { toPem } from '../../src/pki/pem.ts'
import { buildCsrDer } from '../support/csr-builder.ts'
import fc from '../support/fast-check.ts'
import { buildOddCertificate, ODD_NOW } from '../support/odd-certificate.ts'

const options = { now: ODD_NOW, problemOfSpiffeId }
const seeds = [
  { label: 'CERTIFICATE', der: buildOddCertificate() },
  { label: 'CERTIFICATE REQUEST', der: buildCsrDer({ uris: ['spiffe://cluster.local/ns/default/sa/web'] }) },
]

/** Explains, or refuses with the one code; anything else fails the test. */
function explainOrRefuse(input: Buffer): void {
  try {
    explainPem(input, options)
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'request.malformed', String(error))
  }
}

test('explain: no bytes crash it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => explainOrRefuse(Buffer.from([0x30, ...bytes]))),
    {
      numRuns: 5_000,
    },
  )
})

test('explain: no damage to a certificate or a CSR crashes it', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.constantFrom(...seeds), edits, ({ label, der }, changes) => {
      const damaged = Buffer.from(der)
      for (const [at, octet] of changes) damaged[at % damaged.length] = octet
      explainOrRefuse(Buffer.from(toPem(label, damaged)))
    }),
    { numRuns: 10_000 },
  )
})
