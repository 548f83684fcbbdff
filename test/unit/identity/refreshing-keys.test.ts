import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LoadKeys, RefreshingKeys } from '../../../src/identity/refreshing-keys.ts'
import { type KeySet, toKeySet } from '../../../src/identity/verification-key.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { FakeClock } from '../../support/fakes.ts'
import { makeTokenKey } from '../../support/jwt-maker.ts'

const setOf = (...kids: string[]): KeySet => toKeySet({ keys: kids.map((kid) => makeTokenKey('ES256', kid).jwk) })
const plan = { everyMs: 1_000_000, cooldownMs: 10_000, keepMs: 86_400_000 }

function open(load: LoadKeys) {
  const clock = new FakeClock(0)
  const keys = new RefreshingKeys({ issuer: 'https://issuer.example', load, plan, clock, log: silentLog })
  return { clock, keys, [Symbol.dispose]: () => keys.close() }
}

test('refreshing keys: known ones are there at once, for their algorithm alone', async () => {
  using opened = open(async () => setOf('one'))
  await opened.keys.refresh()
  const found = opened.keys.candidates('one', 'ES256')
  assert.ok(Array.isArray(found))
  assert.equal(found.length, 1)
  assert.deepEqual(opened.keys.candidates('one', 'RS256'), [])
})

test('refreshing keys: the same keys again are no new version', async () => {
  const set = setOf('one')
  using opened = open(async () => ({ ...set }))
  await opened.keys.refresh()
  const { version } = opened.keys
  await opened.keys.refresh()
  assert.equal(opened.keys.version, version)
})

test('refreshing keys: a reload that runs is shared', async () => {
  let loads = 0
  const gate = Promise.withResolvers<KeySet>()
  using opened = open(() => {
    loads++
    return gate.promise
  })
  const waiting = Array.from({ length: 10 }, () => opened.keys.candidates('one', 'ES256'))
  gate.resolve(setOf('one'))
  for (const found of await Promise.all(waiting)) assert.equal(found.length, 1)
  assert.equal(loads, 1)
})

test('refreshing keys: the last good ones serve for a day of failures, then fail closed', async () => {
  let fails = false
  using opened = open(async () => {
    if (fails) throw new Error('down')
    return setOf('one')
  })
  await opened.keys.refresh()
  fails = true
  opened.clock.advance(plan.keepMs)
  await opened.keys.refresh()
  assert.equal((await opened.keys.candidates('one', 'ES256')).length, 1)
  const { version } = opened.keys
  opened.clock.advance(1)
  await opened.keys.refresh()
  assert.ok(opened.keys.version > version)
  await assert.rejects(async () => opened.keys.candidates('one', 'ES256'), { code: 'auth.keys_unavailable' })
  fails = false
  opened.clock.advance(plan.cooldownMs)
  assert.equal((await opened.keys.candidates('one', 'ES256')).length, 1)
})

test('hostile 76: of a flood of unknown key ids a few wait for a slow key server, the others are told at once', async () => {
  const gate = Promise.withResolvers<KeySet>()
  using opened = open(() => gate.promise)
  const ask = async (kid: string) => opened.keys.candidates(kid, 'ES256')
  const asked = Array.from({ length: 1000 }, (_, i) => ask(`unknown ${i}`))
  const told = asked.slice(16)
  for (const answer of told) await assert.rejects(answer, { code: 'auth.keys_unavailable', retryAfterSeconds: 1 })
  gate.resolve(setOf('one'))
  assert.deepEqual(
    await Promise.all(asked.slice(0, 16)),
    Array.from({ length: 16 }, () => []),
  )
  assert.equal((await ask('one')).length, 1)
  assert.deepEqual(await ask('unknown'), []) // and places are free again
})
