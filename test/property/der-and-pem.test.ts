import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemOfDer } from '../../src/pki/der-check.ts'
import { oid, sequence, TAG, tlv, toDottedOid } from '../../src/pki/der-writer.ts'
import { parsePem, toPem } from '../../src/pki/pem.ts'
import fc from '../support/fast-check.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 700 }).map((array) => Buffer.from(array))

test('what toPem writes, parsePem reads', () => {
  fc.assert(fc.property(bytes, (der) => assert.deepEqual(parsePem(toPem('X', der), ['X'], 'csr.malformed'), der)))
})

test('parsePem takes one text alone for given bytes and line length', () => {
  const digit = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=')
  fc.assert(
    fc.property(fc.string({ unit: digit, minLength: 1, maxLength: 8 }), (body) => {
      const pem = `-----BEGIN X-----\n${body}\n-----END X-----\n`
      let read: string
      try {
        read = parsePem(pem, ['X'], 'csr.malformed').toString('base64')
      } catch {
        read = ''
      }
      const canonical = Buffer.from(body, 'base64').toString('base64')
      assert.equal(read, canonical === body ? body : '')
    }),
    { numRuns: 5_000 },
  )
})

test('what the writer writes is DER', () => {
  const element = fc.letrec<{ element: Buffer }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 5 },
      bytes.map((contents) => tlv(TAG.octetString, contents)),
      fc.array(tie('element'), { maxLength: 4 }).map((children) => sequence(...children)),
    ),
  })).element
  fc.assert(fc.property(element, (der) => assert.equal(problemOfDer(der, { at: 0, end: der.length }, 16), null)))
})

test('object identifiers come back as they went', () => {
  const arc = fc.nat({ max: 0xffff_ffff })
  const dotted = fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 39 }), fc.array(arc, { minLength: 1, maxLength: 6 }))
  fc.assert(
    fc.property(dotted, ([first, second, rest]) => {
      const text = [first, second, ...rest].join('.')
      const der = oid(text)
      assert.equal(toDottedOid(der.subarray(2)), text)
      assert.equal(problemOfDer(der, { at: 0, end: der.length }, 0), null)
    }),
  )
})
