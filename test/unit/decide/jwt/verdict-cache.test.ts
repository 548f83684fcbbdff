import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JwkSet } from '../../../../src/decide/jwt/jwk-set.ts'
import { parseJwt } from '../../../../src/decide/jwt/parse-jwt.ts'
import { VerdictCache } from '../../../../src/decide/jwt/verdict-cache.ts'
import { makeToken, makeTokenKey } from '../../../support/jwt-maker.ts'

const jwt = parseJwt(makeToken(makeTokenKey('ES256', 'k'), {}))
assert.ok(typeof jwt === 'object')
const verdict = { jwt, failure: null }
const keys: JwkSet = { keys: [] }
const limits = { entries: 10, bytes: 1_000, seconds: 100 }
const put = (cache: VerdictCache, token: string, nowSeconds = 0) => cache.set(token, verdict, { keys, nowSeconds })
const has = (cache: VerdictCache, token: string, now = 0) =>
  cache.find(keys, VerdictCache.keyOf(token), now) !== undefined

test('verdicts: a verdict holds for its keys alone', () => {
  const cache = new VerdictCache(limits)
  const changed: JwkSet = { keys: [] }
  put(cache, 'token')
  assert.equal(cache.find(keys, VerdictCache.keyOf('token'), 0)?.failure, null)
  assert.equal(cache.find(changed, VerdictCache.keyOf('token'), 0)?.failure, undefined)
  cache.set('token', { jwt, failure: 'signature_invalid' }, { keys: changed, nowSeconds: 0 })
  assert.equal(cache.find(changed, VerdictCache.keyOf('token'), 0)?.failure, 'signature_invalid')
  assert.equal(cache.find(keys, VerdictCache.keyOf('token'), 0)?.failure, null)
})

test('verdicts: what is used stays, and never more than two generations are kept', () => {
  const cache = new VerdictCache(limits)
  put(cache, 'used')
  const tokens = Array.from({ length: 1_000 }, (_, i) => `token ${i}`)
  for (const token of tokens) {
    put(cache, token)
    assert.ok(has(cache, 'used'))
  }
  assert.ok(tokens.filter((token) => has(cache, token)).length <= 20)
})

test('verdicts: looking at old ones does not make more of them', () => {
  const cache = new VerdictCache(limits)
  const tokens = Array.from({ length: 200 }, (_, i) => `token ${i}`)
  for (const token of tokens) {
    put(cache, token)
    for (const earlier of tokens) has(cache, earlier)
  }
  assert.ok(tokens.filter((token) => has(cache, token)).length <= 20)
})

test('verdicts: long tokens count as such', () => {
  const cache = new VerdictCache(limits)
  const tokens = Array.from({ length: 8 }, (_, i) => String(i).repeat(400))
  for (const token of tokens) put(cache, token)
  assert.ok(tokens.filter((token) => has(cache, token)).length <= 5)
})

test('verdicts: what is not used is forgotten after two generations at most', () => {
  const cache = new VerdictCache(limits)
  put(cache, 'token', 0)
  assert.ok(has(cache, 'token', 99))
  assert.ok(!has(cache, 'token', 1_000))
})
