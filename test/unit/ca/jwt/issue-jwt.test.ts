import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { IssueJwtRequest } from '../../../../src/ca/jwt/jwt-issuance.ts'
import { toSigningKeys } from '../../../../src/ca/jwt/published-keys.ts'
import { parseSpiffeId } from '../../../../src/identity/spiffe-id.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { generateKey, toSigner } from '../../../../src/pki/file-keys.ts'
import { JWT_KEY_TYPES } from '../../../../src/pki/jws.ts'
import { type JwtWorld, NOW, newJwtWorld, WEB } from '../../../support/jwt-world.ts'

const SECONDS = NOW / 1000
const API = 'spiffe://cluster.local/ns/default/sa/api'

let world: JwtWorld
beforeEach(async () => {
  world = await newJwtWorld()
})

function issue(fields: Partial<IssueJwtRequest> = {}, by = world) {
  return by.issuer.issue({ evidence: {}, audiences: [API], peer: '127.0.0.1:1', requestId: 'r', ...fields })
}

describe('the token', () => {
  for (const keyType of JWT_KEY_TYPES) {
    test(`J-1, J-3, J-13, J-14: ${keyType}: compact, and jose verifies it with the published keys`, async () => {
      const other = await newJwtWorld({ keyType })
      const { token } = await issue({}, other)
      assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
      const keys = createLocalJWKSet({ keys: toSigningKeys(other.keys.published()).map((key) => ({ ...key })) })
      const { payload } = await jwtVerify(token, keys, { audience: API, currentDate: new Date(NOW), typ: 'JWT' })
      assert.equal(payload.sub, WEB)
    })
  }

  test('J-2, J-4, J-5: alg, kid and typ, and no other header', async () => {
    const { token, kid } = await issue()
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'ES256', kid, typ: 'JWT' })
    assert.equal(kid, world.authorities[0]?.id)
  })

  test('J-6, J-7, J-10, J-12: the claims, and no other; no `iss` where none is configured', async () => {
    const { token, identity, expiresAt, serial } = await issue()
    const claims = { sub: WEB, aud: [API], exp: SECONDS + 300, iat: SECONDS, jti: serial }
    assert.deepEqual(decodeJwt(token), claims)
    assert.deepEqual([identity, expiresAt], [WEB, SECONDS + 300])
  })

  test('the configured issuer is its `iss`', async () => {
    const other = await newJwtWorld({ issuer: 'https://ca.example.org' })
    assert.equal(decodeJwt((await issue({}, other)).token).iss, 'https://ca.example.org')
  })

  test('two tokens for one request are two', async () => {
    assert.notEqual((await issue()).serial, (await issue()).serial)
  })
})

const lives: readonly (readonly [string, number | undefined, number])[] = [
  ['the configured one', undefined, 300],
  ['as asked', 60, 60],
  ['above the maximum is clamped', 301, 300],
  ['2^53 is clamped without overflow', Number.MAX_SAFE_INTEGER, 300],
  ['below the minimum is raised to it', 1, 5],
]
describe('life', () => {
  for (const [title, ttlSeconds, life] of lives) {
    test(title, async () => {
      assert.equal((await issue(ttlSeconds === undefined ? {} : { ttlSeconds })).expiresAt, SECONDS + life)
    })
  }

  test('with rejectOverMax a longer one is refused', async () => {
    const strict = await newJwtWorld({ rejectOverMax: true })
    await assert.rejects(issue({ ttlSeconds: 301 }, strict), { code: 'issue.ttl_invalid' })
  })

  test('a token ends with its key at the latest', async () => {
    const { notAfter = 0 } = world.authorities[0] ?? {}
    world.clock.advance((notAfter - SECONDS - 10) * 1000)
    assert.equal((await issue()).expiresAt, notAfter)
    world.clock.advance(10_000)
    await assert.rejects(issue(), { code: 'issue.no_active_authority' })
    assert.equal(world.record.intents.length, 1)
  })
})

describe('J-7: audiences', () => {
  const good: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['sixteen', names(16), names(16)],
    ['one twice is one', ['a', 'b', 'a'], ['a', 'b']],
    ['ID-14: a SPIFFE ID of 2048 bytes', ['a'.repeat(2048)], ['a'.repeat(2048)]],
    ['text that is no URL', ['vault', 'größe'], ['vault', 'größe']],
  ]
  for (const [title, audiences, want] of good) {
    test(title, async () => {
      assert.deepEqual(decodeJwt((await issue({ audiences })).token).aud, want)
    })
  }

  const bad: readonly (readonly [string, readonly string[]])[] = [
    ['none', []],
    ['seventeen', names(17)],
    ['an empty one', ['a', '']],
    ['one of 2049 bytes', ['a'.repeat(2049)]],
    ['one of 2048 characters that are more bytes', ['ä'.repeat(2048)]],
    ['5 KiB together', Array.from({ length: 5 }, (_, i) => `${i}`.padEnd(1024, 'x'))],
    ['a line break', ['a\nb']],
    ['a NUL', ['a\0']],
    ['half a surrogate pair', ['a\ud800']],
    ['a space around it', [' a']],
  ]
  for (const [title, audiences] of bad) {
    test(`refused: ${title}`, async () => {
      await assert.rejects(issue({ audiences }), { code: 'request.malformed' })
      assert.equal(world.record.intents.length, 0)
    })
  }
})

describe('record before reply', () => {
  test('the intent holds what is signed, and with which key', async () => {
    const { token, serial, kid } = await issue()
    const [intent] = world.record.intents
    assert.equal(intent?.serial.toString('hex'), serial)
    assert.deepEqual([intent?.identity, intent?.subject, intent?.attestor], [WEB, 'iss sub', 'jwt'])
    assert.deepEqual([intent?.notBefore, intent?.notAfter, intent?.issuedAt], [SECONDS, SECONDS + 300, NOW])
    assert.deepEqual([intent?.authority, intent?.bundleSequence, intent?.peer], [kid, 4, '127.0.0.1:1'])
    assert.equal(intent?.spkiSha256.toString('hex').slice(0, 40), kid)
    const input = token.slice(0, token.lastIndexOf('.'))
    assert.deepEqual(intent?.csrSha256, createHash('sha256').update(input).digest())
    assert.equal(world.record.results.get(0), 'issued')
  })

  test('if the intent cannot be recorded there is no token', async () => {
    world.record.failWith = new AppError('issue.not_recorded', 'the disk is full')
    await assert.rejects(issue(), { code: 'issue.not_recorded' })
    assert.equal(world.record.results.size, 0)
    assert.equal(world.refused[0]?.code, 'issue.not_recorded')
  })

  test('a caller that goes away gets none, and the record says so', async () => {
    const signal = { aborted: false }
    world.record.onRecorded = () => {
      signal.aborted = true
    }
    await assert.rejects(issue({ signal }), { code: 'issue.not_recorded' })
    assert.equal(world.record.results.get(0), 'failed')
  })

  test('a single-use proof is handed to the record, which counts it', async () => {
    world.caller = { ...world.caller, attestor: 'join-token', spend: { kind: 'join-token', id: 't1' } }
    await issue()
    assert.deepEqual(world.record.intents[0]?.spend, { kind: 'join-token', id: 't1' })
  })

  test('a key that signs something else gives no token', async () => {
    const publicKey = world.keys.published()[0]?.publicKey ?? assert.fail()
    const mixed = await newJwtWorld({ signer: { ...toSigner(generateKey('ec-p256'), 'ec-p256'), publicKey } })
    await assert.rejects(issue({}, mixed), TypeError)
    assert.equal(mixed.record.results.get(0), 'failed')
    assert.equal(mixed.refused[0]?.code, 'internal')
  })
})

describe('who may', () => {
  const admin = { identity: parseSpiffeId('spiffe://cluster.local', 'internal'), attestor: 'admin', subject: 'local' }

  test('an administrator names the identity, of the own trust domain and with a path', async () => {
    world.caller = { ...admin, attestor: 'admin' }
    assert.equal((await issue({ identity: WEB })).identity, WEB)
    assert.equal(world.record.intents[0]?.attestor, 'admin')
    for (const identity of [undefined, 'spiffe://evil.example/a', 'spiffe://cluster.local', 'web']) {
      await assert.rejects(issue(identity === undefined ? {} : { identity }), { code: 'request.malformed' })
    }
  })

  test('nobody else names one', async () => {
    await assert.rejects(issue({ identity: API }), { code: 'auth.forbidden' })
    await assert.rejects(issue({ identity: WEB }), { code: 'auth.forbidden' })
  })

  test('a caller of another trust domain, however it was attested, gets none', async () => {
    world.caller = { ...world.caller, identity: parseSpiffeId('spiffe://other.example/a', 'internal') }
    await assert.rejects(issue(), { code: 'auth.forbidden' })
  })

  test('hostile 72: a denied identity gets none', async () => {
    world.denied.add(WEB)
    await assert.rejects(issue(), { code: 'issue.denied' })
    assert.equal(world.record.intents.length, 0)
  })

  test('an identity that is denied while its token is recorded gets none', async () => {
    world.record.onRecorded = () => void world.denied.add(WEB)
    await assert.rejects(issue(), { code: 'issue.denied' })
    assert.deepEqual([world.issued.length, world.refused[0]?.code], [0, 'issue.denied'])
  })

  test('an identity asks no more often than the rate allows, and not more at once than the queue holds', async () => {
    const limited = await newJwtWorld({ rate: 3 })
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => issue({}, limited)))
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 3)
    assert.equal(limited.refused[0]?.code, 'limit.rate')
    const narrow = await newJwtWorld({ queue: 5 })
    const many = await Promise.allSettled(Array.from({ length: 20 }, () => issue({}, narrow)))
    assert.equal(many.filter(({ status }) => status === 'fulfilled').length, 5)
    assert.equal(narrow.refused[0]?.code, 'limit.queue')
  })
})

test('what is told of a token is everything but the token', async () => {
  const { token, serial, kid } = await issue()
  const { milliseconds, ...event } = world.issued[0] ?? assert.fail()
  assert.equal(milliseconds, 0)
  assert.deepEqual(event, {
    ...{ requestId: 'r', serial, identity: WEB, audiences: [API], attestor: 'jwt', subject: 'iss sub' },
    ...{ notAfter: SECONDS + 300, authority: kid, peer: '127.0.0.1:1' },
  })
  assert.ok(!JSON.stringify(world.issued).includes(token))
})

test('what a door could not read is observed as a refusal of nobody', () => {
  world.issuer.unread({ requestId: 'r1', peer: '127.0.0.1:1', error: new AppError('request.malformed', 'no') })
  const [event] = world.refused
  assert.deepEqual([event?.requestId, event?.code, event?.attestor], ['r1', 'request.malformed', null])
})

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `service-${i}`)
}

test('a key that is away costs no row of the record, and so no use of a join token', async () => {
  const away = () => {
    throw new AppError('key.unavailable', 'the token is away')
  }
  const signer = { ...toSigner(generateKey('ec-p256'), 'ec-p256'), demandReady: away }
  const other = await newJwtWorld({ signer })
  await assert.rejects(issue({}, other), { code: 'key.unavailable' })
  assert.deepEqual(other.record.intents, [])
})
