import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkCsrNames } from '../../../../src/ca/issue/csr-names.ts'
import { parseSpiffeId } from '../../../../src/identity/spiffe-id.ts'
import { NO_ALTERNATIVE_NAMES, type RequestedNames } from '../../../../src/pki/requested-names.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const IN_ALIAS = 'spiffe://td.old/ns/default/sa/web'
const NOTHING: RequestedNames = { ...NO_ALTERNATIVE_NAMES, commonNames: [], subjectEmpty: true }
const ALIASES = ['cluster.local', 'td.old']

const check = (names: Partial<RequestedNames>, mode: 'match' | 'ignore' = 'match', aliases = ALIASES) =>
  checkCsrNames({ ...NOTHING, ...names }, parseSpiffeId(WEB, 'csr.malformed'), aliases, mode)

describe('checkCsrNames takes', () => {
  for (const [title, names] of [
    ['no names', {}],
    ['the identity', { uris: [WEB] }],
    ['the identity in an alias', { uris: [IN_ALIAS] }],
    ['the identity as common name', { uris: [WEB], commonNames: [WEB] }],
  ] as const) {
    test(title, () => check(names))
  }

  test('anything when names are ignored', () =>
    check({ uris: ['nonsense', WEB], dns: ['web'], commonNames: ['x'] }, 'ignore'))
})

describe('checkCsrNames refuses', () => {
  for (const [title, code, names] of [
    ['hostile 17: another identity', 'csr.names_mismatch', { uris: [`${WEB}2`] }],
    ['hostile 17: another trust domain', 'csr.names_mismatch', { uris: ['spiffe://td.evil/ns/default/sa/web'] }],
    ['hostile 18: two URIs', 'csr.names_mismatch', { uris: [WEB, 'https://web.example'] }],
    ['hostile 19: a DNS name', 'csr.names_mismatch', { uris: [WEB], dns: ['web'] }],
    ['hostile 19: an address', 'csr.names_mismatch', { ips: ['0a000001'] }],
    ['hostile 19: an email', 'csr.names_mismatch', { emails: ['a@b'] }],
    ['hostile 19: an other name', 'csr.names_mismatch', { others: 1 }],
    ['hostile 23: no SPIFFE ID', 'csr.malformed', { uris: ['https://web.example'] }],
    ['hostile 24: the identity in upper case', 'csr.malformed', { uris: [WEB.toUpperCase()] }],
    ['a common name', 'csr.names_mismatch', { commonNames: ['web'] }],
    ['one of two common names', 'csr.names_mismatch', { commonNames: [WEB, 'web'] }],
  ] as const) {
    test(title, () => assert.throws(() => check(names), { code }))
  }

  test('an alias when the own trust domain is not one of them', () => {
    assert.throws(() => check({ uris: [IN_ALIAS] }, 'match', ['td.old']), { code: 'csr.names_mismatch' })
  })
})
