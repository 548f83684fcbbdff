import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileIdentityRule } from '../../../src/identity/identity-rule.ts'
import type { Claims } from '../../../src/identity/jwt.ts'

const TEMPLATE = 'spiffe://{trustDomain}/ns/{claims.team}/sa/{claims.sub}'

function identityOf(rule: string, claims: Claims): string {
  const compiled = compileIdentityRule(rule, 'cluster.local')
  assert.equal(typeof compiled, 'function', String(compiled))
  return typeof compiled === 'function' ? compiled(claims).uri : ''
}

const good: readonly (readonly [string, Claims, string])[] = [
  [TEMPLATE, { team: 'shop', sub: 'web' }, 'spiffe://cluster.local/ns/shop/sa/web'],
  [TEMPLATE, { team: 'Shop_1.x', sub: '..web' }, 'spiffe://cluster.local/ns/Shop_1.x/sa/..web'],
  ['spiffe://cluster.local/{claims.a.b}', { a: { b: 'c' } }, 'spiffe://cluster.local/c'],
  ['spiffe://{trustDomain}/job-{claims.id}-x', { id: '7' }, 'spiffe://cluster.local/job-7-x'],
  ['spiffe://{trustDomain}/{trustDomain}/{claims.id}', { id: '7' }, 'spiffe://cluster.local/cluster.local/7'],
]
for (const [rule, claims, want] of good) {
  test(`identity: ${rule} of ${JSON.stringify(claims)} is ${want}`, () => assert.equal(identityOf(rule, claims), want))
}

const refused: readonly (readonly [string, Claims])[] = [
  ['a claim is missing', { team: 'shop' }],
  ['a claim is empty', { team: 'shop', sub: '' }],
  ['a claim is a number', { team: 'shop', sub: 1 }],
  ['a claim is a list', { team: ['shop'], sub: 'web' }],
  ['a claim is an object', { team: {}, sub: 'web' }],
  ['a claim has a slash', { team: 'shop', sub: 'web/admin' }],
  ['a claim begins with a slash', { team: '/shop', sub: 'web' }],
  ['a claim is a dot', { team: '.', sub: 'web' }],
  ['a claim is two dots', { team: '..', sub: 'web' }],
  ['a claim has a percent sign', { team: 'shop', sub: 'web%2fadmin' }],
  ['a claim has a query', { team: 'shop', sub: 'web?x' }],
  ['a claim has a colon', { team: 'shop', sub: 'system:web' }],
  ['a claim is not ASCII', { team: 'shop', sub: 'wéb' }],
  ['a claim is a placeholder', { team: '{claims.sub}', sub: 'web' }],
  ['a claim is too long', { team: 'shop', sub: 'w'.repeat(2048) }],
]
for (const [title, claims] of refused) {
  test(`identity: refused when ${title}`, () => {
    assert.throws(() => identityOf(TEMPLATE, claims), { code: 'auth.subject_invalid' })
  })
}

test('identity: what every object inherits is no claim', () => {
  assert.throws(() => identityOf('spiffe://{trustDomain}/{claims.constructor.name}', {}), {
    code: 'auth.subject_invalid',
  })
})

const broken = [
  '',
  'Kubernetes',
  'spiffe://other.example/{claims.sub}',
  'spiffe://{claims.domain}/{claims.sub}',
  'spiffe://{trustDomain}{claims.sub}',
  'spiffe://{trustDomain}.example/{claims.sub}',
  'spiffe://{trustDomain}',
  'spiffe://{trustDomain}/',
  'spiffe://{trustDomain}/ns//{claims.sub}',
  'spiffe://{trustDomain}/ns/../{claims.sub}',
  'spiffe://{trustDomain}/{claims}',
  'spiffe://{trustDomain}/{claims.}',
  'spiffe://{trustDomain}/{sub}',
  'spiffe://{trustDomain}/{claims.sub',
  'spiffe://{trustDomain}/{claims.a}-{claims.b}',
  'https://{trustDomain}/{claims.sub}',
]
for (const rule of broken) {
  test(`identity: the template \`${rule}\` is a problem of the configuration`, () => {
    assert.equal(typeof compileIdentityRule(rule, 'cluster.local'), 'string')
  })
}
