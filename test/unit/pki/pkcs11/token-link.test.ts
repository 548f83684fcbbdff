import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { silentLog } from '../../../../src/kernel/log.ts'
import { StartupError } from '../../../../src/kernel/startup-error.ts'
import { TokenLink } from '../../../../src/pki/pkcs11/token-link.ts'
import type { TokenSession } from '../../../../src/pki/pkcs11/token-session.ts'
import { FakeToken } from '../../../support/fake-token.ts'
import { FakeClock } from '../../../support/fakes.ts'

const HOUR_MS = 3_600_000

let token: FakeToken
let clock: FakeClock
let pin: string
let link: TokenLink

beforeEach(() => {
  token = new FakeToken()
  clock = new FakeClock(1_000_000)
  pin = token.pin
  link = open()
})

afterEach(() => link.close())

function open(tokenLabel = 'alcazar'): TokenLink {
  return new TokenLink({ cryptoki: token, tokenLabel, readPin: () => pin, clock, log: silentLog })
}

/** Something that every session can do as long as the login holds. */
async function touch({ cryptoki, handle }: TokenSession): Promise<void> {
  cryptoki.C_GetSessionInfo(handle)
  cryptoki.C_FindObjectsInit(handle, [])
  cryptoki.C_FindObjectsFinal(handle)
}
const codeOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    if (error instanceof StartupError) return error.code
    throw error
  }
  return null
}

describe('the way to a token', () => {
  const refusals: readonly (readonly [string, string, () => void])[] = [
    ['no token of that name', 'pkcs11.token_missing', () => (token.labels = ['other', ''])],
    ['two of that name', 'pkcs11.token_ambiguous', () => (token.labels = ['alcazar', 'alcazar'])],
    ['a wrong PIN', 'pkcs11.pin_refused', () => (pin = '9999')],
    ['a locked PIN', 'pkcs11.pin_refused', () => token.failures.push(['C_Login', 'CKR_PIN_LOCKED'])],
    ['a module that cannot look into its slots', 'pkcs11.token_unusable', () => (token.isBlindUntilRestart = true)],
    [
      'a token that lets nobody in',
      'pkcs11.token_unusable',
      () => token.failures.push(['C_OpenSession', 'CKR_DEVICE_ERROR']),
    ],
  ]
  for (const [what, code, arrange] of refusals)
    test(`${what} ends the start`, () => {
      token.forget()
      arrange()
      assert.equal(codeOf(open), code)
    })

  for (const lost of [
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_USER_NOT_LOGGED_IN',
    'CKR_DEVICE_REMOVED',
    'CKR_VENDOR_DEFINED',
  ])
    test(`${lost}: one more login, and nobody notices`, async () => {
      clock.advance(HOUR_MS)
      token.failures.push(['C_GetSessionInfo', lost])
      await link.run(touch)
      assert.equal(token.logins, 2)
      assert.equal(link.problem, null)
    })

  test('a token that was pulled out is found again when it is back', async () => {
    clock.advance(HOUR_MS)
    token.forget()
    token.labels = []
    await assert.rejects(link.run(touch), { code: 'key.unavailable', retryAfterSeconds: 10 })
    assert.match(link.problem ?? '', /no token is called `alcazar`/)
    assert.ok(link.isDown)
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    assert.equal(token.logins, 1)
    token.labels = ['alcazar']
    link.look()
    await link.run(touch)
    assert.deepEqual([link.problem, link.isDown, token.logins], [null, false, 2])
  })

  test('a module that does not find the token again begins anew', async () => {
    clock.advance(HOUR_MS)
    token.forget()
    token.isBlindUntilRestart = true
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    assert.equal(token.restarts, 0)
    link.look()
    await link.run(touch)
    assert.deepEqual([token.restarts, link.problem], [1, null])
  })

  test('a module does not begin anew while a thread is in it', async () => {
    const gate = Promise.withResolvers<void>()
    const work = link.run(() => gate.promise)
    await Promise.resolve()
    token.forget()
    link.look()
    assert.deepEqual([token.restarts, token.logins], [0, 2])
    gate.resolve()
    await work
  })

  test('is looked at without being asked', () => {
    clock.advance(HOUR_MS)
    token.forget()
    link.look()
    assert.deepEqual([link.problem, token.logins], [null, 2])
  })

  test('a login that did not help is not tried again at once', async () => {
    clock.advance(HOUR_MS)
    token.failures.push(['C_GetSessionInfo', 'CKR_GENERAL_ERROR'], ['C_GetSessionInfo', 'CKR_GENERAL_ERROR'])
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    assert.equal(token.logins, 2)
    link.look()
    token.failures.push(['C_GetSessionInfo', 'CKR_GENERAL_ERROR'])
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    assert.equal(token.logins, 3)
  })

  test('a PIN that is refused is never tried again', async () => {
    clock.advance(HOUR_MS)
    token.forget()
    pin = '9999'
    for (let tries = 0; tries < 5; tries++) {
      await assert.rejects(link.run(touch), { code: 'key.unavailable' })
      link.look()
      clock.advance(HOUR_MS)
    }
    assert.equal(token.logins, 2)
    assert.match(link.problem ?? '', /CKR_PIN_INCORRECT/)
  })

  test('what the token cannot do costs no login', async () => {
    token.failures.push(['C_GetSessionInfo', 'CKR_MECHANISM_INVALID'])
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    await link.run(touch)
    assert.deepEqual([token.logins, link.problem], [1, null])
  })

  test('an error of ours is left as it is', async () => {
    const error = new TypeError('a bug')
    await assert.rejects(
      link.run(async () => {
        throw error
      }),
      error,
    )
    assert.equal(link.problem, null)
  })

  test('three work at once, each in a session of its own, and a thousand wait', async () => {
    const gate = Promise.withResolvers<void>()
    const seen: string[] = []
    const work = async ({ handle }: TokenSession) => {
      seen.push(handle.toString('hex'))
      await gate.promise
    }
    const all = Array.from({ length: 3 + 1_024 }, () => link.run(work))
    await assert.rejects(link.run(work), { code: 'limit.queue' })
    assert.equal(new Set(seen).size, 3)
    gate.resolve()
    await Promise.all(all)
    assert.deepEqual([seen.length, new Set(seen).size, token.sessions.size], [1_027, 3, 4])
  })

  test('who waits for a token that hangs is refused, and its session stays taken', async () => {
    const gate = Promise.withResolvers<void>()
    const hung = link.run(() => gate.promise, 5)
    await assert.rejects(hung, { code: 'key.unavailable' })
    assert.ok(link.isDown)
    assert.match(link.problem ?? '', /has not answered for 5 ms/)
    await link.run(touch)
    assert.deepEqual([link.isDown, link.problem], [false, null])
    gate.resolve()
  })

  test('a session that failed is closed, and the login outlives it', async () => {
    token.failures.push(['C_GetSessionInfo', 'CKR_FUNCTION_REJECTED'])
    await assert.rejects(link.run(touch), { code: 'key.unavailable' })
    assert.equal(token.sessions.size, 1)
    await link.run(touch)
    assert.equal(token.logins, 1)
  })

  test('the module ends with it, unless a thread is in it', async () => {
    const gate = Promise.withResolvers<void>()
    const work = link.run(() => gate.promise)
    await Promise.resolve()
    link.close()
    assert.equal(token.isFinalized, false)
    gate.resolve()
    await work
  })

  test('a module that does not end is looked into all the same', () => {
    clock.advance(HOUR_MS)
    token.forget()
    token.labels = []
    link.look()
    assert.match(link.problem ?? '', /no token is called/)
    token.labels = ['alcazar']
    token.failures.push(['C_Finalize', 'CKR_GENERAL_ERROR'])
    link.look()
    assert.deepEqual([link.problem, link.isDown], [null, false])
  })

  test('a module that has ended by itself does not spoil the stop', () => {
    clock.advance(HOUR_MS)
    token.forget()
    token.labels = []
    token.failures.push(['C_Initialize', 'CKR_DEVICE_ERROR'])
    link.look()
    assert.ok(token.isFinalized)
    link.close()
  })

  test('says that it is away before anything is begun', async () => {
    link.demandReady()
    clock.advance(HOUR_MS)
    token.forget()
    token.labels = []
    link.look()
    assert.throws(() => link.demandReady(), { code: 'key.unavailable', retryAfterSeconds: 10 })
    token.labels = ['alcazar']
    link.look()
    link.demandReady()
  })
})
