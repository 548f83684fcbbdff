import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileSecretHeaders, withoutQueryValues, withoutTokens } from '../../../src/telemetry/redact.ts'

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'

test('headers whose name says so are secret, and the configured ones', () => {
  const isSecret = compileSecretHeaders(['x-internal-*'])
  for (const name of ['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'x-auth-request', 'x-internal-a'])
    assert.equal(isSecret(name), true, name)
  for (const name of ['host', 'x-ext-authz', 'user-agent', 'x-request-id', 'x-forwarded-for'])
    assert.equal(isSecret(name), false, name)
})

test('a JWT is found wherever it stands', () => {
  assert.equal(withoutTokens(`Bearer ${TOKEN}`, 100), 'Bearer [redacted]')
  assert.equal(withoutTokens(`/t/${TOKEN}/x`, 100), '/t/[redacted]/x')
  assert.equal(withoutTokens('eyJ and more', 100), 'eyJ and more')
  assert.equal(withoutTokens('a'.repeat(200), 100).length, 100)
})

const targets: readonly (readonly [string, string])[] = [
  ['/a/b', '/a/b'],
  ['/a?', '/a?'],
  ['/a?b', '/a?b'],
  ['/a?b=c&d=e=f&=g', '/a?b=redacted&d=redacted&=redacted'],
  [`/a?access_token=${TOKEN}`, '/a?access_token=redacted'],
  [`/${TOKEN}?${TOKEN}`, '/[redacted]?[redacted]'],
]
for (const [target, want] of targets)
  test(`the target ${target.slice(0, 30)} keeps no secret`, () => assert.equal(withoutQueryValues(target, 100), want))

test('hostile text takes time in proportion to its length', () => {
  const before = performance.now()
  for (const unit of ['eyJ', 'eyJ.', 'a-', '&', '=']) {
    withoutTokens(unit.repeat(1_000_000), 1_024)
    withoutQueryValues(`/?${unit.repeat(1_000_000)}`, 1_024)
  }
  assert.ok(performance.now() - before < 1_000)
})
