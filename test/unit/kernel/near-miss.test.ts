import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearMiss } from '../../../src/kernel/near-miss.ts'

const KNOWN = ['trustDomain', 'trustDomainAliases', 'rate', 'ratePerIdentity', 'csr', 'grpc']
const cases: readonly (readonly [string, string | null])[] = [
  ['trustDomian', 'trustDomain'],
  ['trustdomain', 'trustDomain'],
  ['trust_domain', 'trustDomain'],
  ['trustDomains', 'trustDomain'],
  ['rtae', 'rate'],
  ['xate', 'rate'],
  ['gprs', null],
  ['crs', 'csr'],
  ['xyz', null],
  ['', null],
  ['a'.repeat(1_000_000), null],
]
for (const [name, want] of cases)
  test(`near miss: ${name.slice(0, 20)} was meant to be ${want}`, () => assert.equal(nearMiss(name, KNOWN), want))
