import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition, Rule } from '../../../src/mesh/resource.ts'
import type { Attributes, Json } from '../../../src/policy/attributes.ts'
import { matchesRule } from '../../../src/policy/compile-rule.ts'
import { toHeaders } from '../../../src/policy/headers.ts'
import { attributes, authorizationOf, authorizationPolicy } from '../../support/policies.ts'

function matches(rule: Rule, seen: Attributes): boolean {
  const compiled = authorizationOf([authorizationPolicy('p', [rule])]).allow?.rules[0]
  assert.ok(compiled !== undefined)
  return matchesRule(compiled, seen)
}
const source = (name: string, value: string): Rule => ({ from: [{ source: { [name]: [value] } }] })
const when = (key: string, value: string): Rule => ({ when: [{ key, values: [value] } satisfies Condition] })
const san = (...peerSans: string[]) => attributes({ peerSans })
const plaintext = san()

const peers: readonly (readonly [field: string, value: string, sans: readonly string[], holds: boolean])[] = [
  ['principals', 'td1/ns/foo/sa/a', ['spiffe://td1/ns/foo/sa/a'], true],
  ['principals', 'td1/ns/foo/sa/a', ['spiffe://td2/ns/foo/sa/a'], true],
  ['principals', 'cluster.local/ns/foo/sa/a', ['spiffe://td2/ns/foo/sa/a'], true],
  ['principals', 'td*/ns/foo/sa/a', ['spiffe://td2/ns/foo/sa/a'], true],
  ['principals', 'td1/ns/foo/*', ['spiffe://td2/ns/foo/sa/a'], false],
  ['principals', 'other/ns/foo/sa/a', ['spiffe://td1/ns/foo/sa/a'], false],
  ['principals', '*/sa/a', ['spiffe://td1/ns/foo/sa/a'], true],
  ['principals', '*', ['spiffe://td1/x'], true],
  ['principals', '*', [], false],
  ['principals', 'spiffe://td1/ns/foo/sa/a', ['spiffe://td1/ns/foo/sa/a'], false],
  ['principals', 'td1/ns/foo/sa/a', ['spiffe://td1/x', 'spiffe://td1/ns/foo/sa/a'], true],
  ['principals', 'td1/ns/f.o/sa/a', ['spiffe://td1/ns/fxo/sa/a'], false],
  ['principals', 'td1/ns/*/sa/a', ['spiffe://td1/ns/foo/sa/a'], false],
  ['notPrincipals', 'td1/ns/foo/sa/a', [], true],
  ['notPrincipals', 'td1/ns/foo/sa/a', ['spiffe://td1/ns/foo/sa/a'], false],
  ['namespaces', 'foo', ['spiffe://td1/ns/foo/sa/a'], true],
  ['namespaces', 'fo', ['spiffe://td1/ns/foo/sa/a'], false],
  ['namespaces', 'f*', ['spiffe://td1/ns/foo/sa/a'], true],
  ['namespaces', '*o', ['spiffe://td1/ns/foo/sa/a'], true],
  ['namespaces', 'f*a', ['spiffe://td1/ns/foo/sa/a/'], true],
  ['namespaces', 'foo', ['spiffe://td1/ns/foo'], false],
  ['notNamespaces', 'foo', [], true],
  ['serviceAccounts', 'a', ['spiffe://td1/ns/foo/sa/a'], true],
  ['serviceAccounts', 'bar/a', ['spiffe://td1/ns/foo/sa/a'], false],
  ['serviceAccounts', 'foo/a', ['spiffe://td1/ns/foo/x/sa/a/y'], true],
  ['serviceAccounts', 'foo/a', ['spiffe://td1/ns/foo/sa/ab'], false],
  ['serviceAccounts', 'a', [], false],
  ['notServiceAccounts', 'a', [], true],
  ['trustDomains', 'td1', ['spiffe://td2/ns/foo/sa/a'], true],
  ['trustDomains', 'td*', ['spiffe://td2/ns/foo/sa/a'], true],
  ['trustDomains', '*', ['spiffe://td2/ns/foo/sa/a'], true],
  ['trustDomains', 'cluster.local', ['spiffe://td1/ns/foo/sa/a'], false],
  ['notTrustDomains', 'td1', [], true],
]
for (const [field, value, sans, holds] of peers) {
  const who = sans.length === 0 ? 'plaintext' : sans.join(' and ')
  test(`hostile 91, 92: ${field} [${value}] ${holds ? 'holds' : 'does not hold'} for ${who}`, () => {
    assert.equal(matches(source(field, value), san(...sans)), holds)
  })
}

const tokens: readonly (readonly [value: string, iss: Json | undefined, sub: Json | undefined, holds: boolean])[] = [
  ['*', 'https://i', 'alice', true],
  ['*', 'https://i', undefined, false],
  ['*', 'https://i', '', false],
  ['https://i/alice', 'https://i', 'alice', true],
  ['https://i/*', 'https://i', 'alice', true],
  ['https://i/al*', 'https://i', 'alice', true],
  ['*/alice', 'https://i', 'alice', true],
  ['*i/alice', 'https://i', 'alice', true],
  ['*ice', 'https://i', 'alice', true],
  ['https*', 'https://i', 'alice', true],
  ['https://*', 'https://i', 'alice', false],
  ['https://i', 'https://i', 'alice', false],
  ['*/*', 'https://i', 'alice', false],
  ['https://i/a/b', 'https://i', 'a/b', false],
  ['i/7', 'i', 7, false],
]
for (const [value, iss, sub, holds] of tokens) {
  test(`requestPrincipals [${value}] ${holds ? 'holds' : 'does not hold'} for ${iss} and ${JSON.stringify(sub)}`, () => {
    const claims = { ...(iss === undefined ? {} : { iss }), ...(sub === undefined ? {} : { sub }) }
    assert.equal(matches(source('requestPrincipals', value), attributes({ http: { claims } })), holds)
  })
}

test('notRequestPrincipals [*] holds without a token', () => {
  assert.equal(matches(source('notRequestPrincipals', '*'), attributes()), true)
})

const claims: readonly (readonly [key: string, value: string, claims: Record<string, Json>, holds: boolean])[] = [
  ['request.auth.claims[a]', 'x', { a: 'x' }, true],
  ['request.auth.claims[a]', 'x*', { a: ['y', 'xy'] }, true],
  ['request.auth.claims[a][b]', 'x', { a: { b: 'x' } }, true],
  ['request.auth.claims[a.b]', 'x', { 'a.b': 'x' }, true],
  ['request.auth.claims[a.b]', 'x', { a: { b: 'x' } }, false],
  ['request.auth.claims[a]', '1', { a: 1 }, false],
  ['request.auth.claims[a]', '*', { a: true }, false],
  ['request.auth.claims[a]', '*', { a: '' }, false],
  ['request.auth.claims[a]', '*', { a: null }, false],
  ['request.auth.claims[a]', '*', { a: { b: 'x' } }, false],
  ['request.auth.claims[a]', 'x', { a: [['x']] }, false],
  ['request.auth.claims[a][0]', 'x', { a: ['x'] }, false],
  ['request.auth.claims[A]', 'x', { a: 'x' }, false],
  ['request.auth.claims[toString]', '*', {}, false],
  ['request.auth.audiences', 'x', { aud: ['x', 'y'] }, true],
  ['request.auth.presenter', 'x', { azp: 'x' }, true],
]
for (const [key, value, held, holds] of claims) {
  test(`hostile 97: ${key} [${value}] ${holds ? 'holds' : 'does not hold'} for ${JSON.stringify(held)}`, () => {
    assert.equal(matches(when(key, value), attributes({ http: { claims: held } })), holds)
  })
}

const headers: readonly (readonly [key: string, value: string, sent: [string, string][], holds: boolean])[] = [
  ['request.headers[X-A]', 'v', [['x-a', 'v']], true],
  ['request.headers[x-a]', 'v', [['X-A', ' v ']], true],
  [
    'request.headers[x-a]',
    'v',
    [
      ['x-a', 'w'],
      ['x-a', 'v'],
    ],
    true,
  ],
  [
    'request.headers[x-a]',
    'v,w',
    [
      ['x-a', 'v'],
      ['x-a', 'w'],
    ],
    false,
  ],
  ['request.headers[x-a]', 'v', [['x-a', 'v,w']], false],
  ['request.headers[x-a]', '*', [['x-a', '']], true],
  ['request.headers[x-a]', '*', [], false],
  ['request.headers[x_a]', '*', [['x-a', '']], false],
  ['request.headers[:path]', '/', [], true],
  ['request.headers[host]', 'shop', [], true],
]
for (const [key, value, sent, holds] of headers) {
  test(`hostile 88, 89: ${key} [${value}] ${holds ? 'holds' : 'does not hold'} for ${JSON.stringify(sent)}`, () => {
    assert.equal(matches(when(key, value), attributes({ http: { headers: toHeaders(sent) } })), holds)
  })
}

test('hostile 86: hosts keep the port and the trailing dot, and fold case', () => {
  const host = (value: string, seen: string) =>
    matches({ to: [{ operation: { hosts: [value] } }] }, attributes({ http: { host: seen } }))
  assert.equal(host('Shop.example', 'SHOP.EXAMPLE'), true)
  assert.equal(host('shop.example', 'shop.example:80'), false)
  assert.equal(host('shop.example:*', 'shop.example:80'), true)
  assert.equal(host('shop.example', 'shop.example.'), false)
  assert.equal(host('*', ''), true)
})

test('remote.ip is the last entry of X-Forwarded-For if it is a bare address, else the peer', () => {
  const seen = (...values: string[]) =>
    attributes({ http: { headers: toHeaders(values.map((value) => ['x-forwarded-for', value])) } })
  for (const [forwarded, remote] of [
    [['1.1.1.1, 2.2.2.2'], '2.2.2.2'],
    [['1.1.1.1', '2.2.2.2'], '2.2.2.2'],
    [['1.1.1.1:80'], '10.1.2.3'],
    [['1.1.1.1,'], '10.1.2.3'],
    [[], '10.1.2.3'],
  ] as const) {
    assert.equal(matches(source('remoteIpBlocks', remote), seen(...forwarded)), true, forwarded.join(' | '))
  }
  assert.equal(matches(source('ipBlocks', '10.1.2.3'), seen('1.1.1.1')), true)
})

test('two conditions with one key are both wanted; notValues count beside values', () => {
  const both = {
    when: [
      { key: 'request.headers[a]', values: ['x*'], notValues: ['xy'] },
      { key: 'request.headers[a]', values: ['*z'] },
    ],
  }
  const seen = (value: string) => attributes({ http: { headers: toHeaders([['a', value]]) } })
  assert.deepEqual(
    ['xz', 'xy', 'x'].map((value) => matches(both, seen(value))),
    [true, false, false],
  )
})

test('a source with several fields wants all of them, a list any of its values', () => {
  const rule = { from: [{ source: { namespaces: ['x', 'foo'], notPrincipals: ['td1/ns/foo/sa/b'] } }] }
  assert.equal(matches(rule, san('spiffe://td1/ns/foo/sa/a')), true)
  assert.equal(matches(rule, san('spiffe://td1/ns/foo/sa/b')), false)
  assert.equal(matches(rule, plaintext), false)
})

test('destination.port: leading zeros are fine, as many as there are', () => {
  for (const value of ['8080', '08080', '0000000000008080'])
    assert.ok(matches(when('destination.port', value), plaintext))
})
