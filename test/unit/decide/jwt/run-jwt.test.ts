import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JwtRule } from '../../../../src/mesh/resource.ts'
import { type Json, makeToken, makeTokenKey } from '../../../support/jwt-maker.ts'
import { authenticate, jwksOf, jwtRequest, NOW, openVerifier, outcomeOf, planOf } from '../../../support/jwt-request.ts'

const keyA = makeTokenKey('ES256', 'a')
const keyB = makeTokenKey('ES256', 'b')
const tokenA = makeToken(keyA, { iss: 'a', sub: 'alice' })
const tokenB = makeToken(keyB, { iss: 'b', sub: 'bob', aud: 'x' })
const badA = makeToken(keyB, { iss: 'a' }, { kid: 'a' })
const stranger = makeToken(keyA, { iss: 'c' })
const a: JwtRule = { issuer: 'a', jwks: jwksOf(keyA) }
const b: JwtRule = { issuer: 'b', jwks: jwksOf(keyB) }
const bElsewhere: JwtRule = { ...b, fromHeaders: [{ name: 'x-b' }] }
const bForX: JwtRule = { ...b, audiences: ['y'] }

const bearer = (token: string) => ['authorization', `Bearer ${token}`] as const
const inX = (token: string) => ['x-b', token] as const

const sweeps: readonly (readonly [string, readonly JwtRule[], Parameters<typeof jwtRequest>[0], string])[] = [
  ['no token', [a, b], {}, 'passed'],
  ['one rule, a bad token', [a], { headers: [bearer(badA)] }, 'signature_invalid'],
  ['a bad token for another rule is forgiven', [a, bElsewhere], { headers: [bearer(tokenA), inX('x')] }, 'passed'],
  ['and the other way round', [a, bElsewhere], { headers: [bearer(badA), inX(tokenB)] }, 'passed'],
  ['both bad: the first failing rule', [a, bElsewhere], { headers: [bearer(badA), inX('x')] }, 'signature_invalid'],
  ['one rule missing, one bad', [a, bElsewhere], { headers: [inX('x')] }, 'bad_format'],
  ['a token of nobody', [a, b], { headers: [bearer(stranger)] }, 'issuer_unknown'],
  ['the telling error wins', [a, bForX], { headers: [bearer(tokenB)] }, 'audience_not_allowed'],
  [
    'two tokens, each stripped in its turn',
    [a, b],
    { target: `/?access_token=${tokenB}`, headers: [bearer(tokenA)] },
    'passed',
  ],
  [
    'without stripping they trouble each other',
    [
      { ...a, forwardOriginalToken: true },
      { ...b, forwardOriginalToken: true },
    ],
    { target: `/?access_token=${tokenB}`, headers: [bearer(tokenA)] },
    'issuer_unknown',
  ],
  [
    'all tokens of a rule have to be good',
    [a],
    { target: `/?access_token=${tokenA}`, headers: [bearer(badA)] },
    'signature_invalid',
  ],
  ['a rule without issuer takes any', [{ jwks: jwksOf(keyA) }], { headers: [bearer(stranger)] }, 'passed'],
]
for (const [name, rules, parts, want] of sweeps) {
  test(`sweeps: ${name}: ${want}`, async () => assert.equal(await outcomeOf(rules, parts), want))
}

test('rules are pooled and sorted by issuer, keeping their order within one', () => {
  const rules = planOf(b, { ...a, audiences: ['1'] }, { ...a, audiences: ['2'] }).rules
  assert.deepEqual(
    rules.map(({ issuer, audiences }) => [issuer, ...audiences]),
    [['a', '1'], ['a', '2'], ['b']],
  )
})

test('the claims are those of the token that was verified last', async () => {
  const outcome = await authenticate([a, b], { target: `/?access_token=${tokenB}`, headers: [bearer(tokenA)] })
  assert.ok(outcome.ok)
  assert.deepEqual([outcome.issuer, outcome.subject, outcome.claims], ['a', 'alice', { iss: 'a', sub: 'alice' }])
})

const preflight = [
  ['origin', 'http://x'],
  ['access-control-request-method', 'PUT'],
] as const
test('a preflight is not looked at, and has no identity', async () => {
  const outcome = await authenticate([a], { method: 'OPTIONS', headers: [...preflight, bearer(tokenA)] })
  assert.ok(outcome.ok)
  assert.deepEqual([outcome.claims, outcome.mutations], [null, null])
  assert.equal(await outcomeOf([a], { method: 'OPTIONS', headers: [...preflight, bearer(badA)] }), 'passed')
  assert.equal(await outcomeOf([a], { headers: [...preflight, bearer(badA)] }), 'signature_invalid')
  const empty = [
    ['origin', ''],
    ['access-control-request-method', 'PUT'],
  ] as const
  assert.equal(await outcomeOf([a], { method: 'OPTIONS', headers: [...empty, bearer(badA)] }), 'signature_invalid')
})

test('a verified token leaves the request, unless it is to be forwarded or in a cookie', async () => {
  const everywhere = { ...a, fromHeaders: [{ name: 'X-Tok' }], fromParams: ['t'], fromCookies: ['c'] }
  const parts = {
    target: `/p?t=${tokenA}&x=1`,
    headers: [
      ['x-tok', tokenA],
      ['cookie', `c=${tokenA}`],
      ['z', '1'],
    ] as const,
  }
  const stripped = await authenticate([everywhere], parts)
  assert.ok(stripped.ok)
  assert.deepEqual(stripped.mutations, { remove: ['x-tok'], set: [], removeParams: ['t'], path: '/p?x=1' })
  assert.deepEqual(
    [...stripped.headers.entries()].map(([name]) => name),
    ['cookie', 'z'],
  )
  assert.deepEqual([stripped.headers.values('x-tok'), stripped.query], [[], '?x=1'])
  const kept = await authenticate([{ ...everywhere, forwardOriginalToken: true }], parts)
  assert.ok(kept.ok)
  assert.deepEqual([kept.mutations, kept.headers.values('x-tok')], [null, [tokenA]])
})

const outputs: JwtRule = {
  ...a,
  outputPayloadToHeader: 'X-Payload',
  outputClaimToHeaders: ['sub', 'n.m', 'gone'].map((claim) => ({ header: `X-${claim}`, claim })),
}
const forged = ['X-Payload', 'x-sub', 'x-n.m', 'x-gone'].map((name) => [name, 'forged'] as const)

test('headers that a rule sets are never the client’s own', async () => {
  const names = ['x-payload', 'x-sub', 'x-n.m', 'x-gone']
  const without = await authenticate([outputs], { headers: forged })
  assert.ok(without.ok)
  assert.deepEqual(without.mutations, { remove: names, set: [], removeParams: [], path: null })
  assert.deepEqual([...without.headers.entries()], [])
  const token = makeToken(keyA, { iss: 'a', sub: 'alice', n: { m: [1] } })
  const given = await authenticate([outputs], { headers: [...forged, bearer(token)] })
  assert.ok(given.ok)
  const set = [
    ['x-payload', token.split('.')[1]],
    ['x-sub', 'alice'],
    ['x-n.m', 'WzFd'],
  ]
  assert.deepEqual(given.mutations, { remove: [...names, 'authorization'], set, removeParams: [], path: null })
  assert.deepEqual([...given.headers.entries()], set)
})

test('headers of a rule that was not tried are not the client’s own either', async () => {
  const other = { ...bElsewhere, outputClaimToHeaders: [{ header: 'x-bob', claim: 'sub' }] }
  const outcome = await authenticate([a, other], { headers: [['x-bob', 'forged'], bearer(tokenA)] })
  assert.ok(outcome.ok)
  assert.deepEqual(outcome.headers.values('x-bob'), [])
})

const words: readonly (readonly [Json, Json])[] = [
  [
    { scope: 'read  write', permission: 'p' },
    { scope: ['read', 'write'], permission: ['p'] },
  ],
  [
    { scope: ['read write'], mine: 'a b', other: 'a b' },
    { scope: ['read write'], mine: ['a', 'b'], other: 'a b' },
  ],
  [{ scope: ' ' }, { scope: ' ' }],
]
for (const [given, want] of words) {
  test(`claims: ${JSON.stringify(given)} is split into ${JSON.stringify(want)}`, async () => {
    const token = makeToken(keyA, { iss: 'a', ...given })
    const outcome = await authenticate([{ ...a, spaceDelimitedClaims: ['mine'] }], { headers: [bearer(token)] })
    assert.ok(outcome.ok)
    assert.deepEqual(outcome.claims, { iss: 'a', ...want })
  })
}

test('a token that was verified is judged at once, and its time each time anew', async () => {
  const verifier = openVerifier()
  const plan = planOf(a)
  const request = jwtRequest({ headers: [bearer(makeToken(keyA, { iss: 'a', exp: NOW }))] })
  const first = verifier.authenticate(plan, request, NOW)
  assert.ok(first instanceof Promise)
  assert.ok((await first).ok)
  const second = verifier.authenticate(plan, request, NOW + 60)
  assert.ok('ok' in second && second.ok)
  const late = verifier.authenticate(plan, request, NOW + 61)
  assert.ok('ok' in late && !late.ok && late.failure === 'expired')
})
