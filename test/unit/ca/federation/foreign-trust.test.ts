import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ForeignCertificates } from '../../../../src/ca/federation/foreign-trust.ts'
import { parseCaCertificate } from '../../../../src/pki/ca-certificate.ts'
import { extension } from '../../../support/csr-builder.ts'
import { FakeClock } from '../../../support/fakes.ts'
import {
  foreignIntermediate,
  foreignLeaf,
  foreignRoot,
  newForeignAuthority,
  PARTNER,
} from '../../../support/foreign-bundle.ts'
import { basicConstraints, extendedKeyUsage, keyUsage, ODD_NOW } from '../../../support/odd-certificate.ts'

const ROOT = newForeignAuthority('Partner root')
const CA = newForeignAuthority('Partner CA')
const SUB = newForeignAuthority('Partner sub CA')
const ROGUE = newForeignAuthority('Partner root')
const root = foreignRoot(ROOT)
const ca = foreignIntermediate(CA, ROOT)

function trusting(roots: Readonly<Record<string, readonly Buffer[]>> = { [PARTNER]: [root] }) {
  const parsed = new Map(
    Object.entries(roots).map(([name, ders]) => [name, ders.map((der) => parseCaCertificate(der, name))]),
  )
  return new ForeignCertificates(
    { version: 1, rootsOf: (trustDomain) => parsed.get(trustDomain) ?? [] },
    new FakeClock(ODD_NOW * 1000),
  )
}

const until = (leaf: Buffer, presented: readonly Buffer[], trust = trusting()) =>
  trust.trustedUntil(PARTNER, leaf, () => presented)

test('a leaf below a root, and below an intermediate', () => {
  assert.equal(until(foreignLeaf(ROOT), []), ODD_NOW + 86_400)
  assert.equal(until(foreignLeaf(CA), [ca]), ODD_NOW + 86_400)
})

test('it holds as long as the whole path does', () => {
  assert.equal(until(foreignLeaf(CA), [foreignIntermediate(CA, ROOT, { notAfter: ODD_NOW + 60 })]), ODD_NOW + 60)
})

test('two intermediates in any order, with others between', () => {
  const upper = foreignIntermediate(CA, ROOT, { basicConstraints: basicConstraints(true, 1) })
  const lower = foreignIntermediate(SUB, CA)
  assert.equal(until(foreignLeaf(SUB), [upper, Buffer.from('junk'), foreignRoot(ROGUE), lower]), ODD_NOW + 86_400)
})

test('F-20: the root of one trust domain vouches for no other', () => {
  const trust = trusting({ 'other.example': [root], [PARTNER]: [foreignRoot(ROGUE)] })
  assert.equal(until(foreignLeaf(ROOT), [root], trust), null)
})

test('an intermediate is remembered for sessions that show the leaf alone, and never vouches by itself', () => {
  const trust = trusting()
  assert.equal(until(foreignLeaf(CA), [], trust), null)
  assert.notEqual(until(foreignLeaf(CA), [ca], trust), null)
  assert.notEqual(until(foreignLeaf(CA), [], trust), null)
  assert.equal(
    trust.trustedUntil('other.example', foreignLeaf(CA), () => []),
    null,
  )
})

const refused: readonly (readonly [string, Buffer, readonly Buffer[]])[] = [
  ['B-9: nobody known signed it', foreignLeaf(ROGUE), [foreignRoot(ROGUE)]],
  ['the intermediate is missing', foreignLeaf(CA), []],
  ['the intermediate expired', foreignLeaf(CA), [foreignIntermediate(CA, ROOT, { notAfter: ODD_NOW - 1 })]],
  ['the intermediate is not valid yet', foreignLeaf(CA), [foreignIntermediate(CA, ROOT, { notBefore: ODD_NOW + 1 })]],
  [
    'X-12: the intermediate is a leaf',
    foreignLeaf(CA),
    [foreignIntermediate(CA, ROOT, { basicConstraints: basicConstraints(false) })],
  ],
  [
    'X-15: the intermediate may not sign',
    foreignLeaf(CA),
    [foreignIntermediate(CA, ROOT, { keyUsage: keyUsage(0x80) })],
  ],
  [
    'X-10: the intermediate is of another trust domain',
    foreignLeaf(CA),
    [foreignIntermediate(CA, ROOT, { uris: ['spiffe://cluster.local'] })],
  ],
  [
    'the intermediate is for code alone',
    foreignLeaf(CA),
    [foreignIntermediate(CA, ROOT, { extendedKeyUsage: extendedKeyUsage('1.3.6.1.5.5.7.3.3') })],
  ],
  ['the path is longer than an authority allows', foreignLeaf(SUB), [ca, foreignIntermediate(SUB, CA)]],
  [
    'name constraints, which are not looked into',
    foreignLeaf(CA),
    [foreignIntermediate(CA, ROOT, { extra: [extension('2.5.29.30', Buffer.from('3000', 'hex'), true)] })],
  ],
]
for (const [title, leaf, presented] of refused) {
  test(`no: ${title}`, () => assert.equal(until(leaf, presented), null))
}

test('a flood of intermediates with the right name costs a bounded number of signatures', () => {
  const flood = Array.from({ length: 200 }, () => foreignIntermediate(ROGUE, ROGUE, { name: 'Partner CA' }))
  assert.equal(until(foreignLeaf(CA), [...flood, ca]), null)
})
