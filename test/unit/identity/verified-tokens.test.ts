import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toStaticKeys } from '../../../src/identity/key-source.ts'
import { parseSpiffeId } from '../../../src/identity/spiffe-id.ts'
import { type VerifiedToken, VerifiedTokens } from '../../../src/identity/verified-tokens.ts'

const identity = parseSpiffeId('spiffe://cluster.local/a', 'internal')
const entry: VerifiedToken = {
  caller: { identity, attestor: 'jwt', subject: 'a' },
  life: { notBefore: null, expiresAt: 1 },
  keys: toStaticKeys({ keys: [], skipped: [] }),
  keysVersion: 0,
}

test('verified tokens: what is used stays, what is not is forgotten, and never more than 10,000 are kept', () => {
  const tokens = new VerifiedTokens()
  tokens.set('used', entry)
  tokens.set('unused', entry)
  const added = Array.from({ length: 30_000 }, (_, i) => `token ${i}`)
  for (const key of added) {
    tokens.set(key, entry)
    assert.ok(tokens.get('used'))
  }
  assert.equal(tokens.get('unused'), undefined)
  assert.ok(added.filter((key) => tokens.get(key) !== undefined).length <= 10_000)
})

test('verified tokens: keys are hashes, so no token stays in memory', () => {
  assert.match(VerifiedTokens.keyOf('header.payload.signature'), /^[A-Za-z0-9_-]{43}$/)
})
