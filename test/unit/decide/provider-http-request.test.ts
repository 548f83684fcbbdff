import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileHeaderNames } from '../../../src/decide/header-names.ts'
import { ProviderError } from '../../../src/decide/provider-answer.ts'
import { toCheckRequest } from '../../../src/decide/provider-http-request.ts'
import { askedHttp } from '../../support/questions.ts'

const RULES = { included: compileHeaderNames(['x-*', 'connection', 'cookie']), additional: { 'X-Fixed': 'ours' } }

function headOf(...args: Parameters<typeof askedHttp>) {
  const { http } = askedHttp(...args)
  assert.ok(http !== null)
  return toCheckRequest(http, '/check', RULES)
}

test('an HTTP authorizer is asked with method, path behind the prefix, Host and an empty body', () => {
  assert.deepEqual(headOf({ method: 'POST' }), {
    method: 'POST',
    path: '/check/a?b=c',
    headers: { 'x-fixed': 'ours', host: 'web:8080', 'content-length': '0' },
  })
})

test('it sees the configured headers and Authorization, repeated ones joined, and none of the connection', () => {
  const { headers } = headOf({}, [
    ['Authorization', 'Bearer t'],
    ['X-A', '1'],
    ['x-a', '2'],
    ['Accept', '*/*'],
    ['Connection', 'close'],
    ['X-Fixed', 'theirs'],
    ['Content-Length', '7'],
  ])
  assert.deepEqual(headers, {
    authorization: 'Bearer t',
    'x-a': '1,2',
    'x-fixed': 'ours',
    host: 'web:8080',
    'content-length': '0',
  })
})

test('a header named __proto__ is a header', () => {
  const { http } = askedHttp({}, [['__proto__', 'x']])
  assert.ok(http !== null)
  const { headers } = toCheckRequest(http, '', { included: () => true, additional: {} })
  assert.equal(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value, 'x')
})

for (const http of [{ method: 'CONNECT' }, { target: 'http://evil/' }, { target: '*' }])
  test(`it cannot be asked about ${JSON.stringify(http)}`, () => assert.throws(() => headOf(http), ProviderError))
