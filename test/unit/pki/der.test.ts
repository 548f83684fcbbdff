import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DerReader } from '../../../src/pki/der.ts'
import { problemOfDer } from '../../../src/pki/der-check.ts'
import { oid, sequence, TAG, tlv, toDottedOid } from '../../../src/pki/der-writer.ts'

const isDer = (hex: string, maxDepth = 16) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return problemOfDer(bytes, { at: 0, end: bytes.length }, maxDepth) === null
}

const long = (length: number) => 'aa'.repeat(length)

/** [what it is, the bytes, whether they are DER] */
const cases: readonly (readonly [string, string, boolean])[] = [
  ['nothing', '', true],
  ['two elements', '0500 0500', true],
  ['a header cut off behind the tag', '30', false],
  ['a header cut off in the length', '3082 01', false],
  ['contents cut off', '0402 00', false],
  ['a child longer than its parent', '3003 0402 00 0000', false],
  ['a child whose header leaves its parent', '3001 04 00', false],
  ['a length of 127 in short form', `047f ${long(127)}`, true],
  ['X.690 §10.1: a length of 127 in long form', `04817f ${long(127)}`, false],
  ['a length of 128 in long form', `048180 ${long(128)}`, true],
  ['X.690 §10.1: a length of 255 in two octets', `048200ff ${long(255)}`, false],
  ['a length of 256', `04820100 ${long(256)}`, true],
  ['hostile 8: an indefinite length', '3080 0000', false],
  ['hostile 9: a length of 2^32 - 1', '3084ffffffff 00', false],
  ['a length of 2^24 - 1', '3083ffffff 00', false],
  ['an end-of-contents mark', '0000', false],
  ['a tag number above 30', '1f8100', false],
  ['a context tag', '8200', true],
  ['a constructed context tag', 'a002 0500', true],
  ['X.690 §10.2: a constructed string', '2402 0400', false],
  ['a constructed null', '2500', false],
  ['a primitive sequence', '1000', false],
  ['a primitive set', '1100', false],
  ['booleans', '010100 0101ff', true],
  ['X.690 §11.1: a boolean of 01', '010101', false],
  ['an empty boolean', '0100', false],
  ['integers', '020100 02020080 0201ff 0202ff7f', true],
  ['X.690 §8.3.2: an integer padded with 00', '0202007f', false],
  ['X.690 §8.3.2: an integer padded with FF', '0202ff80', false],
  ['an empty integer', '0200', false],
  ['a null with contents', '050100', false],
  ['bit strings', '030100 03020780 030200ff', true],
  ['an empty bit string', '0300', false],
  ['8 unused bits', '03020800', false],
  ['unused bits of no bits', '030101', false],
  ['X.690 §11.2.1: unused bits that are set', '03020781', false],
  ['object identifiers', '06032a0304 060b2a864886f70d0101018f7f', true],
  ['an empty object identifier', '0600', false],
  ['X.690 §8.19.2: an arc padded with 80', '06032a8001', false],
  ['an arc that does not end', '06022a83', false],
  ['an arc of 2^32 - 1', '06062a8fffffff7f', true],
  ['hostile 11: an arc of 2^32', '06062a9080808000', false],
  ['hostile 11: an arc of 2^35', '06072a818080808000', false],
]

describe('problemOfDer', () => {
  for (const [title, hex, want] of cases) test(title, () => assert.equal(isDer(hex), want))

  test('hostile 10: depth counts to the limit and no further', () => {
    const nested = (depth: number): Buffer => (depth === 0 ? Buffer.alloc(0) : sequence(nested(depth - 1)))
    assert.equal(isDer(nested(16).toString('hex')), true)
    assert.equal(isDer(nested(17).toString('hex')), false)
    assert.equal(isDer(nested(17).toString('hex'), Number.POSITIVE_INFINITY), true)
  })
})

const open = (der: Buffer, maxDepth: number | null = 16) => new DerReader(der, { code: 'csr.malformed', maxDepth })
const malformed = { name: 'AppError', code: 'csr.malformed' }
const seven = tlv(TAG.integer, Buffer.from([7]))

describe('DerReader', () => {
  test('walks elements and knows where they stand', () => {
    const der = open(sequence(seven, sequence(), seven))
    const outer = der.enter(TAG.sequence, 'outer')
    der.read(TAG.integer, 'first')
    assert.deepEqual([der.head, der.start, der.stop], [2, 4, 5])
    assert.ok(der.hasContents(Buffer.from([7])))
    assert.ok(der.isElement(seven))
    assert.ok(!der.isElement(Buffer.concat([seven, seven])))
    der.leave(der.enter(TAG.sequence, 'empty'), 'empty')
    der.read(TAG.integer, 'last')
    assert.equal(der.peek(), 0)
    der.leave(outer, 'outer')
    assert.equal(der.peek(), 0)
  })

  test('does not read beyond the element that it is in', () => {
    const der = open(Buffer.concat([sequence(), seven]))
    der.enter(TAG.sequence, 'empty')
    assert.throws(() => der.read(TAG.integer, 'integer'), malformed)
  })

  test('does not leave before the end', () => {
    const der = open(sequence(seven))
    const outer = der.enter(TAG.sequence, 'outer')
    assert.throws(() => der.leave(outer, 'outer'), malformed)
  })

  test('checks what is inside a string when it is entered', () => {
    const der = open(tlv(TAG.octetString, seven, Buffer.from('0202007f', 'hex')))
    der.read(TAG.octetString, 'string')
    assert.throws(() => der.enterOctets(), malformed)
    const bits = open(tlv(TAG.bitString, Buffer.from([0]), seven))
    bits.read(TAG.bitString, 'bits')
    const outer = bits.enterBits('bits')
    bits.read(TAG.integer, 'integer')
    bits.leave(outer, 'bits')
  })

  test('refuses to enter bits that are not whole octets', () => {
    const der = open(tlv(TAG.bitString, Buffer.from([1]), Buffer.from([0x30, 0])))
    der.read(TAG.bitString, 'bits')
    assert.throws(() => der.enterBits('bits'), malformed)
  })
})

describe('writing', () => {
  for (const [length, header] of [
    [0, '0400'],
    [0x7f, '047f'],
    [0x80, '048180'],
    [0x100, '04820100'],
    [0x10000, '0483010000'],
  ] as const) {
    test(`a length of ${length}`, () => {
      const der = tlv(TAG.octetString, Buffer.alloc(length))
      assert.equal(der.toString('hex', 0, der.length - length), header)
    })
  }

  for (const [dotted, hex] of [
    ['2.5.29.17', '0603551d11'],
    ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
    ['2.999.4294967295', '06078837' + '8fffffff7f'],
    ['0.9.2342', '0603099226'],
  ] as const) {
    test(`the object identifier ${dotted}`, () => {
      assert.equal(oid(dotted).toString('hex'), hex)
      assert.equal(toDottedOid(oid(dotted).subarray(2)), dotted)
    })
  }
})
