import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JwkSet, toJwkSet } from '../../../../src/decide/jwt/jwk-set.ts'
import { RemoteKeys } from '../../../../src/decide/jwt/remote-keys.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { FakeClock } from '../../../support/fakes.ts'
import { makeTokenKey } from '../../../support/jwt-maker.ts'
import { jwksOf } from '../../../support/jwt-request.ts'

const setOf = (kid: string): JwkSet => toJwkSet(jwksOf(makeTokenKey('ES256', kid)))
const knows = (kid: string) => (keys: JwkSet) => keys.keys.some((key) => key.kid === kid)
const DAY_MS = 86_400_000

function open(load: (closing: AbortSignal) => Promise<JwkSet>) {
  const clock = new FakeClock(0)
  const keys = new RemoteKeys({ address: 'https://issuer.example/keys', load, clock, log: silentLog })
  return { clock, keys, [Symbol.dispose]: () => keys.close() }
}

test('remote keys: they are fetched ahead, once, and whoever comes meanwhile waits', async () => {
  const gate = Promise.withResolvers<JwkSet>()
  let loads = 0
  using opened = open(() => {
    loads++
    return gate.promise
  })
  assert.equal(opened.keys.current, null)
  const waiting = Array.from({ length: 10 }, () => opened.keys.currentFor(knows('a')))
  const set = setOf('a')
  gate.resolve(set)
  for (const keys of await Promise.all(waiting)) assert.equal(keys, set)
  assert.equal(opened.keys.current, set)
  assert.equal(loads, 1)
})

test('remote keys: unknown key ids cause one fetch in ten seconds (hostile 76)', async () => {
  let loads = 0
  using opened = open(async () => setOf(`key ${loads++}`))
  await opened.keys.currentFor(knows('key 0'))
  for (let i = 0; i < 100; i++) await opened.keys.currentFor(knows('unknown'))
  assert.equal(loads, 2)
  opened.clock.advance(10_000)
  const found = await opened.keys.currentFor(knows('key 2'))
  assert.ok(found !== null && knows('key 2')(found))
})

test('remote keys: the same keys again are the same set', async () => {
  const text = jwksOf(makeTokenKey('ES256', 'a'))
  using opened = open(async () => toJwkSet(text))
  const first = await opened.keys.currentFor(knows('a'))
  assert.equal(await opened.keys.currentFor(knows('unknown')), first)
})

test('remote keys: the last good ones serve for a day of failures', async () => {
  let fails = false
  using opened = open(async () => {
    if (fails) throw new Error('down')
    return setOf('a')
  })
  const set = await opened.keys.currentFor(knows('a'))
  fails = true
  opened.clock.advance(DAY_MS)
  assert.equal(await opened.keys.currentFor(knows('unknown')), set)
  opened.clock.advance(1)
  assert.equal(opened.keys.current, null)
  assert.equal(await opened.keys.currentFor(knows('a')), null)
})

test('remote keys: closing ends a fetch', async () => {
  const ended = Promise.withResolvers<void>()
  const opened = open(
    (closing) =>
      new Promise((_resolve, reject) => {
        closing.addEventListener('abort', () => {
          ended.resolve()
          reject(new Error('closed'))
        })
      }),
  )
  opened.keys.close()
  await ended.promise
  assert.equal(opened.keys.current, null)
})
