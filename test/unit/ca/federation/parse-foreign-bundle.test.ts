import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ForeignBundleError } from '../../../../src/ca/federation/foreign-bundle-error.ts'
import { parseForeignBundle } from '../../../../src/ca/federation/parse-foreign-bundle.ts'
import {
  bundleText,
  foreignEntry,
  foreignIntermediate,
  foreignLeaf,
  foreignRoot,
  newForeignAuthority,
  PARTNER,
} from '../../../support/foreign-bundle.ts'
import { keyUsage } from '../../../support/odd-certificate.ts'

const authority = newForeignAuthority('Partner root')
const root = foreignRoot(authority)
const parse = (text: string | Buffer) => parseForeignBundle(Buffer.from(text), PARTNER)
const keys = (...entries: readonly unknown[]) => JSON.stringify({ keys: entries })

test('a bundle: its roots, its sequence and its hint', () => {
  const bundle = parse(bundleText([root]))
  assert.deepEqual(
    bundle.roots.map(({ der }) => der),
    [root],
  )
  assert.deepEqual([bundle.sequence, bundle.refreshHintSeconds, bundle.skipped], [1n, 300, 0])
})

test('B-3, B-6: sequence and hint may be left out', () => {
  const { sequence, refreshHintSeconds } = parse(keys(foreignEntry(root)))
  assert.deepEqual([sequence, refreshHintSeconds], [null, null])
})

test('B-5: the sequence is read with 64 bits, and only that of the bundle itself', () => {
  const text = `{"keys":[],"x":{"spiffe_sequence":7},"spiffe_sequence":9223372036854775807}`
  assert.equal(parse(text).sequence, 9223372036854775807n)
  assert.equal(parse(text.replace('36854775807', '36854775806')).sequence, 9223372036854775806n)
})

test('X-27: a root without a SPIFFE ID is one of the trust domain that publishes it', () => {
  assert.equal(parse(bundleText([foreignRoot(authority, { uris: [] })])).roots.length, 1)
})

test('the same root twice is one', () => {
  assert.equal(parse(bundleText([root, root])).roots.length, 1)
})

const passedOver: readonly (readonly [string, unknown])[] = [
  ['B-11: an unknown kty', foreignEntry(root, { kty: 'AKP' })],
  ['B-10: no kty', foreignEntry(root, { kty: undefined })],
  ['B-13: an unknown use', foreignEntry(root, { use: 'wit-svid' })],
  ['B-12: use is case-sensitive', foreignEntry(root, { use: 'X509-SVID' })],
  ['B-13: no use', foreignEntry(root, { use: undefined })],
  ['X-28: no x5c', foreignEntry(root, { x5c: undefined })],
  ['X-28: an empty x5c', foreignEntry(root, { x5c: [] })],
]
for (const [title, entry] of passedOver) {
  test(`${title} is passed over`, () => {
    const { roots, skipped } = parse(keys(entry, foreignEntry(root)))
    assert.deepEqual([roots.length, skipped], [1, 1])
  })
}

test('JWT keys are no roots', () => {
  assert.deepEqual(parse(keys({ use: 'jwt-svid', kty: 'EC', kid: 'a' })).roots, [])
})

const other = newForeignAuthority('Other')
const refused: readonly (readonly [string, string | Buffer])[] = [
  ['no JSON', '<html>'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ['a list', '[]'],
  ['B-8: no keys', '{"spiffe_sequence":1}'],
  ['keys that are no list', '{"keys":{}}'],
  ['a key twice', '{"keys":[],"keys":[]}'],
  ['too deep', `{"keys":[],"x":${'['.repeat(20)}${']'.repeat(20)}}`],
  ['too many keys', keys(...Array.from({ length: 201 }, () => ({})))],
  ['an entry that is no object', keys('x')],
  ['B-7: a hint that is no whole number', '{"keys":[],"spiffe_refresh_hint":"300"}'],
  ['a hint of half seconds', '{"keys":[],"spiffe_refresh_hint":0.5}'],
  ['B-4: a sequence that is text', '{"keys":[],"spiffe_sequence":"1"}'],
  ['a sequence with a fraction', '{"keys":[],"spiffe_sequence":1.5}'],
  ['a negative sequence', '{"keys":[],"spiffe_sequence":-1}'],
  ['X-24: a kid', keys(foreignEntry(root, { kid: 'a' }))],
  ['X-26: two certificates', keys(foreignEntry(root, { x5c: [root, root].map((der) => der.toString('base64')) }))],
  ['X-25: base64url', keys(foreignEntry(root, { x5c: [`${root.toString('base64url')}__`] }))],
  ['x5c that is text', keys(foreignEntry(root, { x5c: root.toString('base64') }))],
  ['x5c with bytes behind it', keys(foreignEntry(Buffer.concat([root, Buffer.from('x')])))],
  ['no certificate', keys(foreignEntry(Buffer.from('certificate')))],
  ['X-10: a root of another trust domain', bundleText([foreignRoot(authority, { uris: ['spiffe://cluster.local'] })])],
  ['X-9: a root with a path', bundleText([foreignRoot(authority, { uris: [`spiffe://${PARTNER}/ca`] })])],
  ['X-7: no authority', bundleText([foreignRoot(authority, { ca: false })])],
  ['X-15: no keyCertSign', bundleText([foreignRoot(authority, { keyUsage: keyUsage(0x80) })])],
  ['X-14: no key usage', bundleText([foreignRoot(authority, { keyUsage: null })])],
  ['X-27: an intermediate', bundleText([foreignIntermediate(other, authority)])],
  ['a root that somebody else signed', bundleText([foreignRoot(authority, { key: other.key })])],
  ['a leaf', bundleText([foreignLeaf(authority)])],
]
for (const [title, text] of refused) {
  test(`${title} refuses the bundle`, () => assert.throws(() => parse(text), ForeignBundleError))
}
