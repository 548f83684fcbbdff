import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findTokens, toLocations } from '../../../../src/decide/jwt/locations.ts'
import { firstParameter, withoutParameter } from '../../../../src/decide/jwt/query.ts'
import type { JwtRule } from '../../../../src/mesh/resource.ts'
import { jwtRequest, type RequestParts } from '../../../support/jwt-request.ts'

const bearer: JwtRule = {}
const plain: JwtRule = { fromHeaders: [{ name: 'X-Jwt' }] }
const prefixed: JwtRule = { fromHeaders: [{ name: 'x-jwt', prefix: 'Tok' }] }
const params: JwtRule = { fromParams: ['tk'] }
const cookies: JwtRule = { fromCookies: ['sess'] }

const cases: readonly (readonly [string, JwtRule, RequestParts, readonly string[] | null])[] = [
  ['default header', bearer, { headers: [['Authorization', 'Bearer T']] }, ['T']],
  ['the prefix has a case', bearer, { headers: [['authorization', 'bearer T']] }, null],
  ['the prefix anywhere', bearer, { headers: [['authorization', 'Digest x, Bearer T']] }, ['T']],
  ['blanks behind it', bearer, { headers: [['authorization', 'Bearer   T']] }, ['T']],
  ['text behind the token', bearer, { headers: [['authorization', 'Bearer T x']] }, ['T x']],
  ['the prefix alone', bearer, { headers: [['authorization', 'Bearer ']] }, null],
  [
    'repeats of authorization',
    bearer,
    {
      headers: [
        ['authorization', 'Bearer T'],
        ['authorization', 'Bearer U'],
      ],
    },
    ['T,Bearer U'],
  ],
  ['default parameter', bearer, { target: '/?access_token=T' }, ['T']],
  [
    'parameters before headers',
    bearer,
    { target: '/?access_token=T', headers: [['authorization', 'Bearer U']] },
    ['T', 'U'],
  ],
  ['others count no longer', plain, { headers: [['authorization', 'Bearer T']] }, null],
  ['a whole value', plain, { headers: [['x-jwt', ' Tok T\t']] }, ['Tok T']],
  ['an empty value', plain, { headers: [['x-jwt', '']] }, ['']],
  [
    'repeats of another field',
    plain,
    {
      headers: [
        ['x-jwt', 'T'],
        ['x-jwt', 'U'],
      ],
    },
    ['U', 'T'],
  ],
  ['a prefix without blank', prefixed, { headers: [['x-jwt', 'TokT']] }, ['T']],
  ['a prefix and no token', prefixed, { headers: [['x-jwt', 'Tok']] }, ['Tok']],
  ['first parameter', params, { target: '/p?a=1&tk=T&tk=U' }, ['T']],
  ['parameter has a case', params, { target: '/?TK=T' }, null],
  ['an escaped name', params, { target: '/?%74k=%54' }, ['T']],
  ['an empty parameter', params, { target: '/?tk=' }, ['']],
  ['a parameter without =', params, { target: '/?tk' }, ['']],
  ['first cookie', cookies, { headers: [['cookie', 'a=1; sess=T; sess=U']] }, ['T']],
  ['a quoted cookie', cookies, { headers: [['cookie', 'sess="T"']] }, ['T']],
  ['cookie has a case', cookies, { headers: [['cookie', 'SESS=T']] }, null],
  ['an empty cookie', cookies, { headers: [['cookie', 'sess=']] }, ['']],
  [
    'a second cookie field',
    cookies,
    {
      headers: [
        ['cookie', 'a'],
        ['cookie', 'sess=T'],
      ],
    },
    ['T'],
  ],
]
for (const [name, rule, parts, want] of cases) {
  test(`locations: ${name}`, () => {
    const { headers, query } = jwtRequest(parts)
    const found = findTokens(toLocations(rule), headers, query)
    assert.deepEqual(found?.map(({ token }) => token) ?? null, want)
  })
}

test('locations: cookies, then parameters, then headers, each from the last name to the first', () => {
  const rule: JwtRule = {
    fromHeaders: [{ name: 'x-a' }, { name: 'x-b', prefix: 'T' }, { name: 'x-b' }],
    fromParams: ['p', 'q'],
    fromCookies: ['d', 'c'],
  }
  const order = toLocations(rule).map((location) => location.name + ('prefix' in location ? location.prefix : ''))
  assert.deepEqual(order, ['d', 'c', 'q', 'p', 'x-bT', 'x-b', 'x-a'])
})

const removals: readonly (readonly [string, string])[] = [
  ['?t=1', ''],
  ['?t', ''],
  ['?t=1&t=2', ''],
  ['?a=1&t=T&b=2', '?a=1&b=2'],
  ['?b=2&t=T&a=1&b=1', '?a=1&b=2&b=1'],
  ['?a&t=T', '?a='],
  ['?%74=T&a=%26t', '?a=%26t'],
  ['?t=T&', ''],
  ['?&t=T', '?='],
]
for (const [query, want] of removals) {
  test(`query: ${query} without t is \`${want}\``, () => assert.equal(withoutParameter(query, 't'), want))
}

test('query: an escape that is none stands for itself', () => {
  assert.equal(firstParameter('?a=%zz%4&%=1', 'a'), '%zz%4')
  assert.equal(firstParameter('', 'a'), null)
  assert.equal(firstParameter('?', ''), null)
})
